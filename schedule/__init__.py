"""Text for the schedulers of others (systemd, cron, Kubernetes) that brings an index up to date every night."""

from .cron import cron_text
from .kubernetes import Cluster, kubernetes_text
from .nightly import Nightly
from .systemd import systemd_text

__all__ = ["Cluster", "Nightly", "cron_text", "kubernetes_text", "systemd_text"]
