"""The student: a frozen backbone, and on its features one linear layer whose outputs are hashtags."""

from typing import Any

import torch
from torch import Tensor, nn

from ...networks.training import Inputs, Trainable
from ..encoders.efficientnet import feature_maps, load_efficientnet

FEATURES = 1280  # of the backbone, pooled

_SCALE = 6.0  # of features of length 1, so that one learning rate suits them and the bags


class Head(Trainable):
    """Log odds of m hashtags: a bias, what the photo adds, and what the caption adds; either may be missing.

    Linear, so that the mean of several heads' weights gives the mean of their log odds.
    """

    def __init__(self, prior: Tensor, buckets: int, forget: float = 0.0) -> None:
        """prior: (m,) the log odds of hashtags where nothing is known. buckets: of bags of n-grams; 0 for no captions.

        forget: the probability that a part of the features, and a bucket, is left out while it learns.
        """
        super().__init__()
        m = len(prior)
        self.bias = nn.Parameter(prior.clone())
        self.photo = nn.Linear(FEATURES, m)
        nn.init.zeros_(self.photo.weight)
        nn.init.zeros_(self.photo.bias)
        self.words = nn.Linear(buckets, m, bias=False) if buckets else None
        if self.words:
            nn.init.zeros_(self.words.weight)
        self.forget = nn.Dropout(forget)

    def log_odds(self, features: Tensor, seen: Tensor, bags: Tensor | None) -> Tensor:
        """(n, m). features: (n, FEATURES) of length 1. seen: (n, 1), 1 where there is a photo. bags: (n, buckets)."""
        odds: Tensor = self.bias + seen * self.photo(self.forget(_SCALE * features))
        if self.words is not None and bags is not None:
            odds = odds + self.words(self.forget(_SCALE * bags))
        return odds

    def loss(self, inputs: Inputs, targets: Tensor) -> Tensor:
        """Cross entropy, summed over the hashtags. inputs: features, seen, and with captions bags. targets: (n, m)."""
        features, seen, *bags = inputs
        odds = self.log_odds(features, seen, bags[0] if bags else None)
        return nn.functional.binary_cross_entropy_with_logits(odds, targets, reduction="none").sum(dim=1).mean()

    def first(self, m: int) -> "Head":
        """A head for the first m hashtags alone."""
        head = Head(self.bias[:m].detach(), self.words.in_features if self.words else 0)
        head.load_state_dict({name: weights[:m] for name, weights in self.state_dict().items()})
        return head.eval()


def mean_head(heads: "list[Head]") -> Head:
    """The head whose log odds are the mean of those of several heads of one shape."""
    first = heads[0]
    mean = Head(first.bias.detach(), first.words.in_features if first.words else 0)
    states = [head.state_dict() for head in heads]
    mean.load_state_dict({name: torch.stack([state[name] for state in states]).mean(dim=0) for name in states[0]})
    return mean.eval()


class Student(nn.Module):
    """From pixels to probabilities.

    photo: uint8 (n, 224, 224, 3) in RGB, all 0 where there is no photo. bags: float32 (n, buckets), if the head reads
    captions. Returns float32 (n, m) in [0, 1].
    """

    def __init__(self, head: Head, backbone: Any = None) -> None:
        """backbone: an EfficientNet-Lite0; None loads it."""
        super().__init__()
        self.backbone = load_efficientnet() if backbone is None else backbone
        self.head = head
        self.eval().requires_grad_(False)

    def forward(self, photo: Tensor, bags: Tensor | None = None) -> Tensor:
        """See the class."""
        pixels = photo.permute(0, 3, 1, 2).to(torch.float32)
        pooled = feature_maps(self.backbone, pixels).mean(dim=(2, 3))
        features = pooled / pooled.norm(dim=1, keepdim=True).clamp_min(1e-9)
        seen = (pixels.amax(dim=(1, 2, 3)) > 0).to(torch.float32).unsqueeze(1)
        return torch.sigmoid(self.head.log_odds(features, seen, bags))
