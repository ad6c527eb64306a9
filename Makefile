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

install: build
	@ninja -C build install

test: web-tools
	@tools/install_packages.sh build test quality
	@tests/run.sh build-test

# How well the engines clean: ten minutes, a table, and whether what is promised is kept.
quality: build
	@tools/install_packages.sh quality
	@ninja --quiet -C build src/audio/child/dsp/run_engine
	@/usr/bin/python3 tests/quality/quality.py build/src/audio/child/dsp/run_engine

format:
	@tools/install_packages.sh format
	@git ls-files '*.c' '*.h' | xargs clang-format -i

lint:
	@tools/install_packages.sh build test lint
	@cppcheck --quiet --error-exitcode=1 --std=c11 --enable=warning,portability -Isrc -Iinclude --suppress=missingIncludeSystem src

clean:
	rm -rf build build-test-*

.PHONY: web-tools build demo run install test quality format lint clean
