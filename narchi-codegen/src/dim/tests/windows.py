"""Records the lengths that real libtorch gives: one line per window, lengths for inputs 1..=40 ('-' is an error).

    python3 windows.py > windows.txt
"""
import itertools

import torch
import torch.nn.functional as F

N = 40
KEEP = 5  # One setting in five is enough, and keeps the file small.
X = [torch.zeros(1, 1, n) for n in range(N + 1)]
X2 = [torch.zeros(1, 1, n, 3) for n in range(N + 1)]
settings = []

for k, s, d in itertools.product(range(1, 12), range(1, 5), range(1, 4)):
    w = torch.zeros(1, 1, k)
    for p in range(0, k // 2 + 1):
        window = dict(stride=s, padding=p, dilation=d)
        settings.append((f"conv {k} {s} {p} {d} 0", lambda n, w=w, window=window: F.conv1d(X[n], w, **window).shape[-1]))
        for c in (0, 1):
            settings.append((f"max_pool {k} {s} {p} {d} {c}", lambda n, a=(k, s, p, d, bool(c)): F.max_pool1d(X[n], *a).shape[-1]))
            if k % 3 == 0 or d == 1:
                settings.append((f"max_pool2d {k} {s} {p} {d} {c}", lambda n, a=((k, 1), (s, 1), (p, 0), (d, 1), bool(c)): F.max_pool2d(X2[n], *a).shape[-2]))
            if d == 1:
                settings.append((f"avg_pool {k} {s} {p} 1 {c}", lambda n, a=(k, s, p, bool(c)): F.avg_pool1d(X[n], *a).shape[-1]))


def length(rule, n):
    try:
        return str(rule(n))
    except RuntimeError:
        return "-"


with torch.no_grad():
    for name, rule in settings[::KEEP]:
        print(name, *(length(rule, n) for n in range(1, N + 1)))
