# The front door. Everything is done by Meson and the scripts named here.
web-tools:
	@command -v npm >/dev/null || tools/install_packages.sh web

build: web-tools
	@tools/install_packages.sh build
	@[ -d build ] || meson setup build -Dbuildtype=release -Dtests=false >/dev/null
	@ninja --quiet -C build

demo: build
	@tools/install_packages.sh demo
	@tools/demo.sh build/src/cli/whazz $(FILE)

run: build
	@build/src/cli/whazz serve --listen localhost:8000 --data-dir ./data

# The app from its sources with every change at once; the API from a server of yours on port
# 8000 (make run), or the one that WHAZZ_API names.
web-dev: web-tools
	@cd web && npm ci --silent && npm run --silent types && npm run dev

screenshots: build
	@tools/install_packages.sh test
	@WHAZZ_EXE=build/src/cli/whazz node tests/web/screenshots.mjs screenshots

bench-web: build
	@tools/install_packages.sh test
	@WHAZZ_EXE=build/src/cli/whazz node tests/web/bench.mjs

install: build
	@ninja -C build install

test: web-tools
	@tools/install_packages.sh build test quality
	@tests/run.sh build-test

# How well the engines clean: a quarter of an hour, a table, and whether what is promised is kept.
quality: build
	@tools/install_packages.sh quality
	@ninja --quiet -C build src/audio/child/dsp/run_engine
	@/usr/bin/python3 tests/quality/quality.py build/src/audio/child/dsp/run_engine

# Measures the service beside its peers and writes docs/benchmarks.md. BENCH=--quick is a
# first look; BENCH='--only upload,download' some of it.
bench: web-tools
	@tools/install_packages.sh build bench
	@[ -d build-bench ] || meson setup build-bench -Dbuildtype=release -Dtests=false -Dbench=true >/dev/null
	@ninja --quiet -C build-bench
	@python3 bench/run.py build-bench $(BENCH)

# Each target for FUZZ_SECONDS; what is found is kept in build-test-fuzz/tests/fuzz.
FUZZ_SECONDS ?= 60
fuzz:
	@tools/install_packages.sh build test
	@FUZZ_SECONDS=$(FUZZ_SECONDS) tests/run.sh build-test fuzz

format:
	@tools/install_packages.sh format
	@git ls-files '*.c' '*.h' | xargs clang-format -i

lint:
	@tools/install_packages.sh build test format lint
	@tools/lint.sh build-test-lint

clean:
	rm -rf build build-test-* build-bench

.PHONY: web-tools web-dev screenshots bench-web build demo run install test fuzz bench quality
.PHONY: format lint clean
