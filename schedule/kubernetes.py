"""A Kubernetes CronJob."""

import re
from dataclasses import dataclass

from ..core.advice import OTHER_CLAIM, write_like
from ..core.errors import SettingsError
from .alarms import WEBHOOK, post_alarm
from .nightly import BUSY, Nightly, sqlite_folder
from .quoting import kubernetes_words, yaml_string

_IMAGE = re.compile(r"[A-Za-z0-9][A-Za-z0-9._:/@-]*")
_CLAIM = re.compile(r"[a-z0-9](?:[a-z0-9.-]{0,251}[a-z0-9])?")


@dataclass(frozen=True, slots=True)
class Cluster:
    """What a cluster must be told: the image that holds `hashtag`, and the claim of the volume that is the home.

    Raises SettingsError where either is no name.
    """

    image: str
    claim: str

    def __post_init__(self) -> None:
        if not _IMAGE.fullmatch(self.image):
            raise SettingsError(
                f"{self.image!r} is no image", write_like("--image", "registry.example.org/hashtag:0.1.0")
            )
        if not _CLAIM.fullmatch(self.claim):
            raise SettingsError(f"{self.claim!r} is no name of a PersistentVolumeClaim", OTHER_CLAIM)


def kubernetes_text(nightly: Nightly, cluster: Cluster) -> str:
    """A CronJob, and the Secret of the webhook where there is one.

    Raises SettingsError where it would show a password, or where the database would be lost with the container.
    """
    create = f"kubectl create secret generic {nightly.name} --from-literal=HASHTAG_DB=..."
    nightly.check_shareable(f"run `{create}`, which the job reads")
    folder = sqlite_folder(nightly.db)
    if folder is not None and not folder.is_relative_to(nightly.home):
        raise SettingsError(f"the database lies outside the volume and would be lost; put it into {nightly.home}")
    documents = [_header(nightly, create) + _job(nightly, cluster)]
    if nightly.webhook is not None:
        documents.append(_webhook(nightly, nightly.webhook))
    return "---\n".join(documents)


def _header(nightly: Nightly, create: str) -> str:
    curl = "# The image must hold curl, which tells of a failure.\n" if nightly.webhook else ""
    return f"""\
# kubectl apply -f FILE
# To try it, run: kubectl create job --from=cronjob/{nightly.name} {nightly.name}-now
# Only the home is mounted. Each source is read from the path by which it was added, so it must be in this volume.
# If the database needs a password, run: {create}
# Exit code {BUSY}: another process was writing. 3: refused, the previous index serves. 2: any other error.
{curl}"""


def _job(nightly: Nightly, cluster: Cluster) -> str:
    hour, minute = nightly.clock
    secrets = [f"            - secretRef: {{name: {yaml_string(nightly.name)}, optional: true}}"]
    if nightly.webhook is not None:
        secrets.append(f"            - secretRef: {{name: {yaml_string(_webhook_name(nightly))}}}")
    sources = "\n".join(secrets)
    return f"""\
apiVersion: batch/v1
kind: CronJob
metadata:
  name: {yaml_string(nightly.name)}
spec:
  schedule: "{minute} {hour} * * *"
  # timeZone: "Asia/Seoul"  # without it, the time is that of the cluster, mostly UTC
  concurrencyPolicy: Forbid
  startingDeadlineSeconds: 3600
  jobTemplate:
    spec:
      backoffLimit: 0
      template:
        spec:
          restartPolicy: Never
          automountServiceAccountToken: false
          securityContext:
            runAsNonRoot: true
            runAsUser: 1000
            runAsGroup: 1000
            fsGroup: 1000
            seccompProfile: {{type: RuntimeDefault}}
          containers:
          - name: refresh
            image: {yaml_string(cluster.image)}
            command: {kubernetes_words(_command(nightly))}
            envFrom:
{sources}
            resources:
              requests: {{cpu: "1", memory: 2Gi}}
              limits: {{memory: 8Gi}}
            securityContext:
              allowPrivilegeEscalation: false
              readOnlyRootFilesystem: true
              capabilities: {{drop: [ALL]}}
            volumeMounts:
            - {{name: home, mountPath: {yaml_string(str(nightly.home))}}}
            - {{name: tmp, mountPath: /tmp}}
          volumes:
          - {{name: home, persistentVolumeClaim: {{claimName: {yaml_string(cluster.claim)}}}}}
          - {{name: tmp, emptyDir: {{}}}}
"""


def _command(nightly: Nightly) -> tuple[str, ...]:
    if nightly.webhook is None:
        return nightly.words
    alarm = post_alarm(f"{nightly.name} failed in $(uname -n) with exit code $code")
    script = f'"$0" "$@" || {{ code=$?; [ $code = {BUSY} ] || {alarm}; exit $code; }}'
    return ("/bin/sh", "-c", script, *nightly.words)


def _webhook(nightly: Nightly, address: str) -> str:
    return f"""\
apiVersion: v1
kind: Secret
metadata:
  name: {yaml_string(_webhook_name(nightly))}
stringData:
  {WEBHOOK}: {yaml_string(address)}
"""


def _webhook_name(nightly: Nightly) -> str:
    return f"{nightly.name}-webhook"
