import torch

from hashtag_recommender.eval.systems.networks.amnn import _PostEmitter
from hashtag_recommender.eval.systems.networks.contents import PADDING
from hashtag_recommender.eval.systems.networks.learner import Setting


def test_captions_are_read_as_by_a_bidirectional_lstm_over_packed_sequences():
    torch.manual_seed(0)
    emitter = _PostEmitter(3, 9, 4, Setting(4, 1e-3, 8, 0.0)).eval()
    oracle = torch.nn.LSTM(8, 4, batch_first=True, bidirectional=True)
    for ours, suffix in ((emitter.forwards, "_l0"), (emitter.backwards, "_l0_reverse")):
        for name, weights in ours.named_parameters():
            getattr(oracle, name.removesuffix("_l0") + suffix).data = weights.data
    pieces = torch.tensor([[3, 4, 5, 6], [7, 8, PADDING, PADDING], [2, PADDING, PADDING, PADDING]])
    lengths = torch.tensor([4, 2, 1])
    packed = torch.nn.utils.rnn.pack_padded_sequence(emitter.piece(pieces), lengths, batch_first=True)
    expected, _ = torch.nn.utils.rnn.pad_packed_sequence(oracle(packed)[0], batch_first=True)
    there = (pieces != PADDING).unsqueeze(2)
    assert torch.allclose(emitter._read(pieces, lengths) * there, expected * there, atol=1e-6)
