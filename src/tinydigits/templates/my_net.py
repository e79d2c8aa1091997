"""My network: handwritten digits with fewer than 8,000 parameters.

tinydigits show       every layer: what it gives, what it costs
tinydigits train      as recipe.toml says
tinydigits check      the limits of brief.toml
"""

import torch.nn.functional as F
from torch import nn


class MyNet(nn.Module):
    """Six convolutions with batch norm, a skip connection, a last 1×1 convolution, the mean over all positions.

    Args:
        width: channels in the middle. Try another one without touching this file: tinydigits train network.width=10
        dropout: share of activations set to zero in training; tinydigits train dropout=0.1 sets it.
    """

    def __init__(self, width=12, dropout=0.01):
        super().__init__()
        # No biases: the batch norm after each convolution has its own.
        self.conv1 = nn.Conv2d(1, 8, 3, padding=1, bias=False)
        self.norm1 = nn.BatchNorm2d(8)
        self.conv2 = nn.Conv2d(8, width, 3, padding=1, bias=False)
        self.norm2 = nn.BatchNorm2d(width)
        self.conv3 = nn.Conv2d(width, width, 3, padding=1, bias=False)
        self.norm3 = nn.BatchNorm2d(width)
        self.conv4 = nn.Conv2d(width, width, 3, padding=1, bias=False)
        self.norm4 = nn.BatchNorm2d(width)
        self.conv5 = nn.Conv2d(width, 16, 3, padding=1, bias=False)
        self.norm5 = nn.BatchNorm2d(16)
        self.conv6 = nn.Conv2d(16, 16, 3, bias=False)
        self.norm6 = nn.BatchNorm2d(16)
        self.dropout = nn.Dropout(dropout)
        # A 1×1 convolution and a mean over the map cost 17 parameters a digit; a fully connected layer on the 5 × 5 map
        # would cost 401.
        self.head = nn.Conv2d(16, 10, 1)

    def forward(self, x):
        # x: standardised pixels [B, 1, 28, 28]. Maxima come before batch norm and ReLU, which then have a quarter of
        # the work and give the same kind of map.
        x = F.relu(self.norm1(F.max_pool2d(self.conv1(x), 2)))  # [B, 8, 14, 14]
        x = F.relu(self.norm2(self.conv2(x)))  # [B, 12, 14, 14]
        x = x + F.relu(self.norm3(self.conv3(x)))  # [B, 12, 14, 14]
        x = F.relu(self.norm4(F.max_pool2d(self.conv4(x), 2)))  # [B, 12, 7, 7]
        x = F.relu(self.norm5(self.conv5(x)))  # [B, 16, 7, 7]
        x = F.relu(self.norm6(self.conv6(x)))  # [B, 16, 5, 5]
        x = self.head(self.dropout(x))  # [B, 10, 5, 5]
        return x.mean((2, 3))  # logits [B, 10]; no softmax, which the loss has
