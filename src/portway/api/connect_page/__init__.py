"""The hosted page behind a connect link. It needs no JavaScript."""
