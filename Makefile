# The front door. Everything is done by Meson and the scripts named here.
build:
	@tools/install_packages.sh build
	@[ -d build ] || meson setup build -Dbuildtype=release >/dev/null
	@ninja -C build

test:
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

.PHONY: build test format lint clean
