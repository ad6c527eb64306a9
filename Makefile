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
	@tools/install_packages.sh build test
	@tests/run.sh build-test

format:
	@tools/install_packages.sh format
	@git ls-files '*.c' '*.h' | xargs clang-format -i

lint:
	@tools/install_packages.sh build test lint
	@cppcheck --quiet --error-exitcode=1 --std=c11 --enable=warning,portability -Isrc -Iinclude --suppress=missingIncludeSystem src

clean:
	rm -rf build build-test-*

.PHONY: web-tools web-dev screenshots bench-web build demo run install test format lint clean
