"""ClickSend."""
