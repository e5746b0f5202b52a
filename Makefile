# Everything starts here; each target sets the project up first, which a second run skips.
# Variables handed on: SITE= GATEWAY= WORLD= RECORDING= MAP= BROKER= PORT= IMAGE= SEED=, TARGET= and
# SECONDS= of fuzz, COUNT= of mutants, SEEDS= of soak, and ARGS= for the rest.

PYTHON ?= python3
LIMEN = .venv/bin/limen
OPTIONS = $(if $(SITE),--site "$(SITE)") $(if $(GATEWAY),--gateway "$(GATEWAY)") $(ARGS)
PLAYED = $(if $(WORLD),--world "$(WORLD)") $(if $(RECORDING),--recording "$(RECORDING)") \
	$(if $(MAP),--map "$(MAP)") $(if $(SEED),--seed "$(SEED)")
FLASHED = $(if $(PORT),--port "$(PORT)") $(if $(IMAGE),--image "$(IMAGE)") \
	$(if $(BROKER),--broker "$(BROKER)") $(if $(filter 0,$(WATCH)),--no-watch)

.PHONY: setup demo replay test noise cuts outage kills first-flash fuzz mutants soak lint golden properties bench size flash update flash-cuts update-cuts clean distclean

demo: setup
	@$(LIMEN) demo $(PLAYED) $(if $(BROKER),--broker "$(BROKER)") $(OPTIONS)

replay: setup
	@$(LIMEN) replay $(PLAYED) $(OPTIONS)

# On all cores; the tests of a file stay together, since they share what is slow to make.
test: lint
	.venv/bin/pytest -n logical --dist loadfile $(ARGS)

# Bytes of every kind into the Modbus master and the MQTT session, for longer than a test takes.
noise: setup
	.venv/bin/python tests/campaigns/modbus_noise.py $(ARGS)
	.venv/bin/python tests/campaigns/broker_noise.py $(ARGS)

# Power that fails at every write to the journal's flash.
cuts: setup
	.venv/bin/python tests/campaigns/power_cuts.py $(ARGS)

# Days without a broker in virtual time: HOURS=72
outage: setup
	.venv/bin/python tests/campaigns/outages.py $(if $(HOURS),--hours "$(HOURS)") $(ARGS)

# Brokers killed at random moments for ten minutes, while a gateway delivers to them over TLS.
kills: setup
	.venv/bin/python tests/campaigns/killed_brokers.py $(ARGS)

# Flashing, or updates over the serial port, cut off at random moments: COUNT=200 SEED=1
flash-cuts update-cuts: setup
	.venv/bin/python tests/campaigns/serial_cuts.py $(@:-cuts=) $(if $(SEED),--seed "$(SEED)") \
		$(if $(COUNT),--count "$(COUNT)") $(ARGS)

# Boards with an ESP32, an S3 and a C3 from blank flash to online and updated, with the real tools.
first-flash: setup
	.venv/bin/python tests/campaigns/first_flash.py $(ARGS)

# Wrong versions of the firmware: do the tests and the simulation notice? SEED=1 COUNT=300
mutants: setup
	.venv/bin/python tests/mutants/campaign.py $(if $(SEED),--seed "$(SEED)") \
		$(if $(COUNT),--count "$(COUNT)") $(ARGS)

# Days full of faults in virtual time: SEEDS=100
soak: setup
	@$(LIMEN) soak $(if $(SEEDS),--seeds "$(SEEDS)") $(ARGS)

# Properties with new examples: SEEDS=10 of them.
properties: setup
	for seed in $$(seq $(or $(SEEDS),10)); do .venv/bin/pytest -n logical --dist loadfile \
		tests/properties --hypothesis-profile new --hypothesis-seed $$seed $(ARGS) || exit; done

# Every parser, or TARGET=p1, under a fuzzer that watches coverage; for SECONDS=60 each.
fuzz: setup
	.venv/bin/python tests/fuzz $(if $(TARGET),--target "$(TARGET)") \
		$(if $(SECONDS),--seconds "$(SECONDS)") $(ARGS)

lint: setup
	.venv/bin/ruff check
	.venv/bin/ruff format --check

# What the press of the examples publishes, for tests/system/test_golden.py: only where it is meant
# to be another than before.
golden: setup
	$(LIMEN) replay --site examples/press --recording tests/golden/recording.csv \
		--out tests/golden/published.csv

bench: setup
	@$(LIMEN) bench $(if $(BROKER),--broker "$(BROKER)") $(ARGS)

size: setup
	@$(LIMEN) size $(ARGS)

# From a bare board to "online"; WATCH=0 ends before that, BROKER= is the broker as seen from here.
flash: setup
	@$(LIMEN) flash $(FLASHED) $(OPTIONS)

# Only what has changed; without PORT over the broker at BROKER.
update: setup
	@$(LIMEN) update $(if $(PORT),--port "$(PORT)") $(if $(BROKER),--broker "$(BROKER)") $(OPTIONS)

setup:
	@$(PYTHON) -m host_tools.bootstrap

clean:
	rm -rf build .pytest_cache .ruff_cache .hypothesis
	find firmware host_tools tests -name __pycache__ -type d -prune -exec rm -rf {} +

distclean: clean
	rm -rf .venv .tools limen.egg-info
