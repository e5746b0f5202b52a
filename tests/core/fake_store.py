"""What a gateway remembers over restarts; `saved` is what has come to flash, `saves` how often."""


class Store:
    def __init__(self):
        self.values = {}
        self.saved = {}
        self.saves = 0

    def get(self, name, default=None):
        return self.values.get(name, default)

    def set(self, name, value):
        self.values[name] = value

    def save(self):
        self.saved = dict(self.values)
        self.saves += 1
