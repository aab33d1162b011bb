// swift-tools-version: 6.2
//
// The import table as code: what a target lists here is all it may import (docs/how-it-works.md).
// CI builds with `--explicit-target-dependency-import-check error`, so that nothing else can be imported.

import PackageDescription

/// Settings of every Swift target of ours.
let houseSettings: [SwiftSetting] = [
    .swiftLanguageMode(.v6),
    .enableUpcomingFeature("ExistentialAny"),
    .enableUpcomingFeature("MemberImportVisibility"),
    // Our own non-escaping reader over RawSpan needs lifetime annotations (decision 0001).
    .enableExperimentalFeature("Lifetimes"),
    .strictMemorySafety(),
    .treatAllWarnings(as: .error),
    // The rooms are one program: without these, nothing of `package` access is inlined into another room (decision
    // 0097), or only what is tiny (0145).
    .unsafeFlags(
        ["-cross-module-optimization", "-enable-testing", "-Xllvm", "-cmo-function-size-limit=100"],
        .when(configuration: .release)),
]

let base: Target.Dependency = "StreamtopBase"
let wire: Target.Dependency = "StreamtopWire"
let model: Target.Dependency = "StreamtopModel"
let layer: Target.Dependency = "StreamtopLayer"

let package = Package(
    name: "streamtop",
    products: [
        .executable(name: "streamtop", targets: ["streamtop"])
    ],
    dependencies: [
        .package(url: "https://github.com/apple/swift-argument-parser", exact: "1.8.2"),
        .package(url: "https://github.com/LebJe/TOMLKit", exact: "0.6.0"),
    ],
    targets: [
        // C libraries behind typed Swift wrappers
        .systemLibrary(name: "CPcap", providers: [.apt(["libpcap-dev"])]),
        .systemLibrary(name: "CZlib", providers: [.apt(["zlib1g-dev"])]),
        .systemLibrary(name: "CBrotli", providers: [.apt(["libbrotli-dev"])]),
        .systemLibrary(name: "CExpat", providers: [.apt(["libexpat1-dev"])]),
        .systemLibrary(name: "CZstd", providers: [.apt(["libzstd-dev"])]),
        .systemLibrary(name: "COpenSSL", providers: [.apt(["libssl-dev"])]),
        .systemLibrary(name: "CNghttp2", providers: [.apt(["libnghttp2-dev"])]),
        .systemLibrary(name: "CNghttp3", providers: [.apt(["libnghttp3-dev"])]),

        // Small C: what Swift cannot see of curses, and the signal handlers (decision 0040). Needs libncurses-dev.
        .target(name: "CNcurses", linkerSettings: [.linkedLibrary("ncursesw"), .linkedLibrary("tinfo")]),

        // One instruction that Swift has no word for (decision 0095).
        .target(name: "CPrefetch"),

        // Small blocks from lists of a thread's own, for which Swift has no word (decision 0300).
        .target(name: "CBlockPool"),

        // What Swift cannot see of the kernel's calls for capabilities.
        .target(name: "CHost"),

        // Words and meters, bytes to values
        .target(name: "StreamtopBase", dependencies: ["CBlockPool", "CPrefetch"]),
        .target(name: "StreamtopWire", dependencies: [base, "CBrotli", "CExpat", "CNghttp2", "CNghttp3", "CZlib"]),

        // Facts shown to a user
        .target(name: "StreamtopModel", dependencies: [base]),

        // What passes from one layer of a flow to the next, and to the engine
        .target(name: "StreamtopLayer", dependencies: [base, model]),

        // Values over time, one room per layer; no room knows another
        .target(name: "StreamtopTransport", dependencies: [base, wire, model, layer, "StreamtopCrypto"]),

        .target(name: "StreamtopCrypto", dependencies: [base, "COpenSSL"]),
        .target(name: "StreamtopSecurity", dependencies: [base, wire, model, layer, "StreamtopCrypto"]),
        .target(name: "StreamtopApplication", dependencies: [base, wire, model, layer]),

        // Judgement, and the engine, which alone sees all stages
        .target(name: "StreamtopDiagnosis", dependencies: [base, model]),
        .target(
            name: "StreamtopEngine",
            dependencies: [
                base, wire, model, layer, "StreamtopTransport", "StreamtopSecurity", "StreamtopApplication",
                "StreamtopDiagnosis",
            ]),

        // The outside world
        .target(name: "StreamtopCapture", dependencies: [base, "CPcap", "CZlib", "CZstd"]),
        .target(name: "StreamtopHost", dependencies: [base, model, "CHost"]),

        // Renderers
        .target(
            name: "StreamtopView",
            dependencies: [base, model, .product(name: "TOMLKit", package: "TOMLKit")]),
        .target(name: "StreamtopTerminal", dependencies: [base, "StreamtopView", "CNcurses"]),
        .target(name: "StreamtopExport", dependencies: [base, model]),

        // The program
        .executableTarget(
            name: "streamtop",
            dependencies: [
                base, model, "StreamtopDiagnosis", "StreamtopEngine", "StreamtopCapture", "StreamtopHost",
                "StreamtopView",
                "StreamtopTerminal", "StreamtopExport",
                .product(name: "ArgumentParser", package: "swift-argument-parser"),
                .product(name: "TOMLKit", package: "TOMLKit"),
            ],
            exclude: ["Resources"]),

        // Measuring: what a replay costs, beside a bare libpcap loop and peers (`make bench`)
        .executableTarget(
            name: "bare-pcap-loop", path: "Tests/Benchmarks/BarePcapLoop", linkerSettings: [.linkedLibrary("pcap")]),
        .target(name: "CRawCrypto", path: "Tests/Benchmarks/RawCrypto", linkerSettings: [.linkedLibrary("crypto")]),
        .executableTarget(
            name: "streamtop-bench",
            dependencies: [
                base, wire, model, "StreamtopCapture", "StreamtopEngine", "StreamtopView", "StreamtopCrypto",
                "StreamtopTransport", "StreamtopSecurity", "StreamtopTestSupport", layer, "StreamtopHost",
                .product(name: "ArgumentParser", package: "swift-argument-parser"),
            ],
            path: "Tests/Benchmarks/StreamtopBench"),

        // Tests
        .target(
            name: "StreamtopTestSupport", dependencies: [base, wire, model, layer, "StreamtopView", "CRawCrypto"],
            path: "Tests/StreamtopTestSupport"),
        .testTarget(name: "StreamtopBaseTests", dependencies: [base, "StreamtopTestSupport"]),
        .testTarget(name: "StreamtopWireTests", dependencies: [base, wire, "StreamtopTestSupport"]),
        .testTarget(name: "StreamtopLayerTests", dependencies: [base, model, layer]),
        .testTarget(
            name: "StreamtopTransportTests",
            dependencies: [base, wire, model, layer, "StreamtopTransport", "StreamtopCrypto", "StreamtopTestSupport"]),
        .testTarget(
            name: "StreamtopEngineTests",
            dependencies: [
                base, wire, model, layer, "StreamtopEngine", "StreamtopSecurity", "StreamtopTransport",
                "StreamtopTestSupport",
            ]),
        .testTarget(name: "StreamtopCryptoTests", dependencies: [base, "StreamtopCrypto", "StreamtopTestSupport"]),
        .testTarget(
            name: "StreamtopSecurityTests",
            dependencies: [base, wire, model, layer, "StreamtopSecurity", "StreamtopCrypto", "StreamtopTestSupport"]),
        .testTarget(
            name: "StreamtopApplicationTests",
            dependencies: [base, wire, model, layer, "StreamtopApplication", "StreamtopTestSupport"]),
        .testTarget(name: "StreamtopDiagnosisTests", dependencies: [base, model, "StreamtopDiagnosis"]),
        .testTarget(name: "StreamtopHostTests", dependencies: [base, model, "StreamtopHost"]),
        .testTarget(name: "StreamtopCaptureTests", dependencies: [base, "StreamtopCapture", "StreamtopTestSupport"]),
        .testTarget(
            name: "StreamtopViewTests",
            dependencies: [base, model, "StreamtopView", "StreamtopDiagnosis", "StreamtopTestSupport"],
            exclude: ["Screens", "Themes"]),
        .testTarget(name: "StreamtopTerminalTests", dependencies: ["StreamtopView", "StreamtopTerminal"]),
        .testTarget(
            name: "StreamtopProgramTests",
            dependencies: [base, model, "StreamtopCapture", "StreamtopView", "streamtop"]),
        .testTarget(name: "StreamtopExportTests", dependencies: [base, model, "StreamtopExport"]),
        // Whole program on whole captures: golden outputs, exit codes, the terminal.
        .testTarget(
            name: "ReplayTests",
            dependencies: [
                base, wire, model, "StreamtopEngine", "StreamtopCapture", "StreamtopExport", "StreamtopTestSupport",
                "streamtop",
            ]),
        // The program captures what real TLS and QUIC implementations say to each other here, and is compared with them.
        .testTarget(
            name: "LivePeersTests", dependencies: ["streamtop"], exclude: ["Peers"]),
    ]
)

// Fuzzing needs a toolchain flag for the whole build (`make fuzz`); without it the program would have no `main`.
if Context.environment["STREAMTOP_FUZZ_TARGETS"] != nil {
    package.targets.append(
        .executableTarget(
            name: "streamtop-fuzz",
            dependencies: [
                base, wire, model, layer, "StreamtopCrypto", "StreamtopApplication", "StreamtopCapture",
                "StreamtopEngine", "StreamtopExport", "StreamtopTransport", "StreamtopSecurity", "StreamtopTestSupport",
                "CRawCrypto", "StreamtopHost",
            ],
            path: "Tests/Fuzz/FuzzTargets"))
    package.products.append(.executable(name: "streamtop-fuzz", targets: ["streamtop-fuzz"]))
}

for target in package.targets where target.type != .system && !target.name.hasPrefix("C") {
    target.swiftSettings = houseSettings + (target.swiftSettings ?? [])
}
