"""What the networks with one sigmoid for each hashtag share."""

from abc import abstractmethod

import torch
from torch import Tensor, nn

from ....networks.training import Inputs
from .hashtags import prior_log_odds
from .learner import Learner, Part


class Sigmoids(Learner):
    """Log odds of every hashtag; the score of a hashtag is its probability."""

    @abstractmethod
    def log_odds(self, inputs: Inputs) -> Tensor:
        """(n, m)."""

    def loss(self, inputs: Inputs, targets: Tensor) -> Tensor:
        """Binary cross entropy, added over the hashtags. targets: bool (n, m)."""
        odds = self.log_odds(inputs)
        return nn.functional.binary_cross_entropy_with_logits(odds, targets.to(odds), reduction="sum") / len(odds)

    def rank(self, inputs: Inputs, k: int) -> tuple[Tensor, Tensor]:
        """See `Learner.rank`."""
        scores, columns = self.log_odds(inputs).sigmoid().topk(k, dim=1)
        return columns, scores


def prior_bias(training: Part) -> nn.Parameter:
    """(m,): outputs start at the hashtags' shares, which else the first epochs are spent on."""
    return nn.Parameter(torch.from_numpy(prior_log_odds(training.labels.numpy())))
