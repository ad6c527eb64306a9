# The front door. Everything is done by Meson and the scripts named here.
build:
	@tools/install_packages.sh build
	@[ -d build ] || meson setup build -Dbuildtype=release -Dtests=false >/dev/null
	@ninja --quiet -C build

demo: build
	@tools/install_packages.sh demo
	@tools/demo.sh build/src/cli/whazz $(FILE)

run: build
	@build/src/cli/whazz serve --listen localhost:8000 --data-dir ./data

install: build
	@ninja -C build install

test:
	@tools/install_packages.sh build test
	@tests/run.sh build-test

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
	rm -rf build build-test-*

.PHONY: build demo run install test fuzz format lint clean
