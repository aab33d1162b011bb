# streamtop: `make run` shows it, `make test` proves it. Both set up what is missing first (Debian 12 or later).

SWIFT        ?= swift
SWIFT_WANTED := 6.2
PREFIX       ?= /usr/local
DESTDIR      ?=
IMPORT_CHECK := --explicit-target-dependency-import-check error
# The runtime inside: what is installed runs where no Swift is.
# Nothing is loaded into the program, so it lists none of its symbols; functions of the same instructions are kept once.
RELEASE_FLAGS := -c release --static-swift-stdlib -Xlinker --no-export-dynamic -Xlinker --icf=safe
RELEASE      := .build/release/streamtop
SHARED       := $(DESTDIR)$(PREFIX)/share/streamtop
THEMES       := $(notdir $(wildcard Themes/*.toml))
DEMO         := $(notdir $(wildcard Sources/streamtop/Resources/*))

PACKAGES := libpcap-dev libncurses-dev zlib1g-dev libzstd-dev libssl-dev libnghttp2-dev libnghttp3-dev libexpat1-dev libbrotli-dev pkg-config
TEST_PACKAGES := python3-jsonschema python3-pip tmux ncurses-term zstd openssl
PYTHON_PEERS := aioquic==1.7.2 aiortc==1.16.0 websockets==15.0.1 aiomoqt==0.5.3 qh3==1.9.4
BENCH_PACKAGES := tshark tcptrace
PEER_PACKAGES := coturn sip-tester baresip-core janus libusrsctp-examples gstreamer1.0-tools gstreamer1.0-plugins-good \
	gstreamer1.0-plugins-bad gstreamer1.0-plugins-ugly python3-gi gir1.2-gst-plugins-base-1.0 golang-go \
	golang-github-pion-webrtc.v3-dev nghttp2-client nghttp2-server nghttp2-proxy

.PHONY: run build test test-browser bench selfcheck fuzz format lint install uninstall check-install setup setup-test setup-peers setup-bench swift-present clean picture

run: build ## Open the dashboard on the bundled demo capture
	@$(RELEASE) demo

build: setup ## Release build
	$(SWIFT) build $(RELEASE_FLAGS) $(IMPORT_CHECK) --product streamtop

test: setup-test lint ## All set-up, all tests, and a short fuzz
	$(SWIFT) build --build-tests $(IMPORT_CHECK)
	$(SWIFT) test --skip-build
	Tests/Fuzz/run --if-possible 5

test-browser: setup-test ## Calls of Chromium and Firefox against their own figures, once a release
	@docs/setup/packages --optional chromium firefox-esr nghttp2-proxy
	STREAMTOP_BROWSER=1 $(SWIFT) test $(IMPORT_CHECK) --filter BrowserPeersTests

bench: setup-bench build ## Speed and memory beside peers, one table
	$(SWIFT) build $(RELEASE_FLAGS) $(IMPORT_CHECK) --product streamtop-bench
	$(SWIFT) build $(RELEASE_FLAGS) $(IMPORT_CHECK) --product bare-pcap-loop
	.build/release/streamtop-bench --streamtop $(RELEASE)

selfcheck: build ## Our estimates beside this kernel's own values, over namespaces (root)
	Tests/SelfCheck/run .build/release/streamtop

fuzz: setup ## Fuzz the reader, the decoders and the engine for a minute each
	Tests/Fuzz/run

format: swift-present ## Format every Swift file in place
	$(SWIFT) format -i -r Package.swift Sources Tests

lint: swift-present
	$(SWIFT) format lint -s -r Package.swift Sources Tests

install: build ## Install the program, its demo and its themes under PREFIX
	install -d $(DESTDIR)$(PREFIX)/bin $(SHARED)/themes
	install -s -m 755 $(RELEASE) $(DESTDIR)$(PREFIX)/bin/streamtop
	install -m 644 $(addprefix Sources/streamtop/Resources/,$(DEMO)) $(SHARED)/
	install -m 644 $(addprefix Themes/,$(THEMES)) $(SHARED)/themes/
	@echo "For live captures without root: sudo setcap cap_net_raw,cap_net_admin+eip $(DESTDIR)$(PREFIX)/bin/streamtop"

uninstall: ## Remove what `make install` put under PREFIX, and nothing else
	rm -f $(DESTDIR)$(PREFIX)/bin/streamtop $(addprefix $(SHARED)/,$(DEMO)) $(addprefix $(SHARED)/themes/,$(THEMES))
	rmdir $(SHARED)/themes $(SHARED) 2>/dev/null || true

check-install: build ## Install to a folder of its own and run it with the toolchain out of reach
	Tests/Install/check $(MAKE)

picture: build ## Render the README's picture of the screen from a real run
	docs/picture/render

setup: swift-present
	@docs/setup/packages $(PACKAGES)

setup-test: swift-present
	@docs/setup/packages $(PACKAGES) $(TEST_PACKAGES)
	@mkdir -p .build/peers
	@docs/setup/python-peers .build/peers/python $(PYTHON_PEERS)

setup-peers: setup-test ## Relays, SIP agents and media senders that live tests speak with
	@docs/setup/packages --optional $(PEER_PACKAGES)
	@docs/setup/go-peers .build/peers

setup-bench: swift-present
	@docs/setup/packages --optional $(BENCH_PACKAGES)

swift-present:
	@docs/setup/swift $(SWIFT) $(SWIFT_WANTED)

clean:
	rm -rf .build
