"""What the use cases need of the world, as Protocols; adapters and the tests' fakes implement them."""
