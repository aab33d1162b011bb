import ArgumentParser
import StreamtopBase

/// The command line, as tcpdump's users expect it.
struct Options: ParsableArguments {
    @Option(
        name: [.customShort("i"), .customLong("interface")],
        help: ArgumentHelp("Capture from this interface (repeatable; default: any).", valueName: "interface"))
    var interfaces: [String] = []

    @Option(
        name: [.customShort("r"), .customLong("read")],
        help: ArgumentHelp(
            "Read a capture file: pcap or pcapng, plain, .gz or .zst; - is standard input (repeatable).",
            valueName: "file"))
    var files: [String] = []

    @Option(
        name: [.customShort("f"), .customLong("filter")],
        help: ArgumentHelp("Capture filter in libpcap's language; trailing words do the same.", valueName: "bpf"))
    var filter: String?

    @Option(
        name: [.customShort("w"), .customLong("write")],
        help: ArgumentHelp("Also write what is captured to this pcapng file.", valueName: "file"))
    var writeFile: String?

    @Flag(help: "With -w and --qlog: replace files that are there already.")
    var force = false

    @Option(
        name: [.customShort("c"), .customLong("count")],
        help: ArgumentHelp("Stop after this many packets.", valueName: "packets"))
    var packetCount: Int?

    @Option(
        name: [.customShort("s"), .customLong("snaplen")],
        help: ArgumentHelp("Keep at most this many bytes of each packet (default: 262144).", valueName: "bytes"))
    var snapLength: Int?

    @Option(
        name: [.customShort("B"), .customLong("buffer")],
        help: ArgumentHelp("Kernel capture buffer in MiB (default: 64).", valueName: "mib"))
    var bufferMebibytes: Int?

    @Option(
        help: ArgumentHelp(
            "Memory for bytes that wait to be read, in MiB (default: 256). When it is spent, the least proven flows give up first.",
            valueName: "mib"))
    var memory: Int?

    @Flag(
        name: [.customShort("p"), .customLong("no-promiscuous")],
        help: "Do not put interfaces into promiscuous mode.")
    var avoidsPromiscuous = false

    @Option(
        name: [.customShort("Z"), .customLong("user")],
        help: ArgumentHelp(
            "Started by root, become this user once the capture is open (default: who called sudo, else nobody).",
            valueName: "user"))
    var user: String?

    @Flag(help: "Live: do not ask this host's kernel about sockets and queues.")
    var noKernel = false

    @Flag(name: [.customShort("D"), .customLong("list-interfaces")], help: "List the interfaces, also with --json.")
    var listsInterfaces = false

    @Flag(name: .customShort("n"), help: "Accepted for habit: names are never looked up.")
    var noNames = false

    @Flag(help: "Print records as JSON, one a line, instead of the dashboard.")
    var json = false

    @Option(
        help: ArgumentHelp(
            "With --json: a sample per active flow at each interval (default: none for files, 1s live).",
            valueName: "time"))
    var interval: DurationArgument?

    @Flag(inversion: .prefixedNo, help: "With --json: event records.")
    var events = true

    @Option(help: ArgumentHelp("Stop after this much capture time, e.g. 10s.", valueName: "time"))
    var duration: DurationArgument?

    @Flag(help: "Keep reading a file that still grows.")
    var follow = false

    @Option(help: ArgumentHelp("TLS and QUIC secrets (NSS key log format).", valueName: "file"))
    var keylog: String?

    @Option(help: ArgumentHelp("With --json: write a qlog file for each TCP and QUIC flow.", valueName: "dir"))
    var qlog: String?

    @Flag(help: "With -w: write the secrets of --keylog into the file.")
    var writeSecrets = false

    @Option(help: ArgumentHelp("Theme of the dashboard.", valueName: "name"))
    var theme: String?

    @Flag(help: "List the themes.")
    var listThemes = false

    @Flag(help: "Draw with ASCII characters only.")
    var ascii = false

    @Flag(help: "No colours (also: the environment variable NO_COLOR).")
    var noColor = false

    @Flag(help: "Leave the mouse to the terminal.")
    var noMouse = false

    @Option(
        help: ArgumentHelp(
            "Configuration file (default: $XDG_CONFIG_HOME/streamtop/config.toml).", valueName: "file"))
    var config: String?

    @Flag(help: "Print the configuration in effect, in the form of a configuration file.")
    var printConfig = false

    @Flag(help: "Print the keys of the dashboard.")
    var printKeys = false

    @Option(
        help: ArgumentHelp("Replay speed in the dashboard, 0.1 to 100, or max (default: 1).", valueName: "factor"))
    var speed: SpeedArgument?

    @Flag(help: "Replay: start over at the end of the file.")
    var loop = false

    @Flag(help: "Leave the one wall-clock figure out of the JSON output.")
    var deterministic = false

    @Flag(name: [.customShort("V"), .customLong("version")], help: "Print the version.")
    var version = false

    @Argument(
        help: ArgumentHelp(
            "\"demo\" replays the bundled capture, \"live\" (the default) captures; further words are a capture filter.",
            valueName: "demo | live | filter words"))
    var words: [String] = []
}

/// `--speed`: a factor, or "max".
struct SpeedArgument: ExpressibleByArgument, Equatable, Sendable {
    /// Infinite for "max".
    var factor: Double

    init(factor: Double) {
        self.factor = factor
    }

    init?(argument: String) {
        if argument == "max" {
            factor = .infinity
            return
        }
        let digits = argument.hasSuffix("x") ? String(argument.dropLast()) : argument
        guard let value = Double(digits), value >= 0.1, value <= 100 else { return nil }
        factor = value
    }

    var text: String { factor.isInfinite ? "max" : "\(factor)" }
}
