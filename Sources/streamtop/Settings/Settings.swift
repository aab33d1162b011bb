import StreamtopBase
import StreamtopCapture
import StreamtopHost
import StreamtopView

/// What the command line, the configuration file and the environment come to. The command line wins.
struct Settings: Equatable, Sendable {
    enum Input: Equatable, Sendable {
        case interfaces([String])
        case files([String])
        /// The bundled capture.
        case demo
    }

    var input: Input
    /// In libpcap's language; nil for everything.
    var filter: String?
    var writeFile: String?
    /// Files that are there already may be replaced.
    var replacesFiles: Bool
    var packetCount: Int?
    var snapLength: Int
    var bufferMebibytes: Int
    /// What flows may hold of the wire, together.
    var memoryMebibytes: Int
    var isPromiscuous: Bool
    /// The host's kernel is asked for what it knows of sockets and queues; live only.
    var asksKernel: Bool
    /// Who a process of root becomes once the capture is open.
    var successor: Privileges.Successor
    var isJSON: Bool
    var interval: Nanoseconds?
    var events: Bool
    var duration: Nanoseconds?
    var follows: Bool
    var keylog: String?
    /// The key log was named by the environment: not being there is no error.
    var isKeylogOptional = false
    var qlogFolder: String?
    var writesSecrets: Bool
    var theme: String?
    var view = ViewSettings()
    var isASCII: Bool
    var isMonochrome: Bool
    var usesMouse: Bool
    var speed: Double
    var loops: Bool
    var isDeterministic: Bool
    /// Where the configuration is kept; nil without a home.
    var configPath: String?

    var isLive: Bool { Settings.isLive(input) }

    private static func isLive(_ input: Input) -> Bool {
        if case .interfaces = input { return true }
        return false
    }

    /// A capture with a past: shown at a chosen speed, with a bar to seek on. What comes through a pipe or is still being
    /// written is shown as it comes.
    var isReplay: Bool { !isLive && !follows && canRestart }

    /// The source can be read again from its beginning.
    var canRestart: Bool {
        switch input {
        case .interfaces: false
        case .files(let names): !names.contains("-")
        case .demo: true
        }
    }

    /// Interface or file names as the user gave them.
    var inputNames: [String] {
        switch input {
        case .interfaces(let names), .files(let names): names
        case .demo: ["demo"]
        }
    }

    static let defaultSnapLength = 262_144
    static let defaultBufferMebibytes = 64
    static let memoryRange = 16...65_536

    init(options: Options, config: ConfigFile, environment: [String: String]) throws(ProgramFailure) {
        let (input, words) = try Settings.input(of: options, config: config)
        self.input = input
        filter = try Settings.filter(options.filter, words: words)
        writeFile = options.writeFile
        replacesFiles = options.force
        packetCount = try Settings.checked(options.packetCount, 1...Int.max, "-c")
        snapLength =
            try Settings.checked(options.snapLength, 64...Settings.defaultSnapLength, "-s")
            ?? config.snapLength ?? Settings.defaultSnapLength
        bufferMebibytes =
            try Settings.checked(options.bufferMebibytes, LiveOptions.bufferMiBRange, "-B")
            ?? config.bufferMebibytes ?? Settings.defaultBufferMebibytes
        successor = options.user.map { .named($0) } ?? .caller
        memoryMebibytes =
            try Settings.checked(options.memory, Settings.memoryRange, "--memory")
            ?? config.memoryMebibytes ?? MemoryBudget.defaultCapacity >> 20
        isPromiscuous = options.avoidsPromiscuous ? false : config.promiscuous ?? true
        asksKernel = !options.noKernel
        isJSON = options.json
        interval = options.interval?.nanoseconds ?? config.interval?.nanoseconds
        events = options.events
        duration = options.duration?.nanoseconds
        follows = options.follow
        qlogFolder = options.qlog
        // What browsers and curl write to. It may be old or of another host, and then opens nothing; output that is to
        // depend on the file alone does without.
        let isOther = input == .demo || options.deterministic
        keylog = options.keylog ?? (isOther ? nil : Settings.nonEmpty(environment["SSLKEYLOGFILE"]))
        isKeylogOptional = options.keylog == nil
        writesSecrets = options.writeSecrets
        theme = options.theme ?? config.theme
        view = config.view
        isASCII = options.ascii || config.ascii ?? false
        // https://no-color.org: present and not empty.
        let refusesColor = !(environment["NO_COLOR"] ?? "").isEmpty
        isMonochrome = options.noColor || refusesColor || !(config.color ?? true)
        usesMouse = !options.noMouse && config.mouse ?? true
        speed = options.speed?.factor ?? config.speed?.factor ?? 1
        loops = options.loop || config.loop ?? false
        isDeterministic = options.deterministic
        configPath = options.config ?? ConfigFile.defaultPath(environment: environment)
        try checkCombinations()
    }

    private static func nonEmpty(_ text: String?) -> String? {
        text.flatMap { $0.isEmpty ? nil : $0 }
    }

    private static func input(
        of options: Options, config: ConfigFile
    ) throws(ProgramFailure) -> (Input, words: [String]) {
        let first = options.words.first
        let rest = Array(options.words.dropFirst())
        if first == "demo" {
            guard options.files.isEmpty, options.interfaces.isEmpty else {
                throw ProgramFailure(.usage, "demo replays the bundled capture: leave out -r and -i")
            }
            return (.demo, rest)
        }
        if !options.files.isEmpty {
            guard options.interfaces.isEmpty, first != "live" else {
                throw ProgramFailure(.usage, "-r reads files, -i and live capture: use one of them")
            }
            return (.files(options.files), options.words)
        }
        let names = options.interfaces.isEmpty ? config.interfaces ?? ["any"] : options.interfaces
        let words = first == "live" ? rest : options.words
        if let word = words.first, looksLikeCapture(word) {
            throw ProgramFailure(.usage, "\(word) is no filter; to read a capture file: streamtop -r \(word)")
        }
        return (.interfaces(names), words)
    }

    private static func looksLikeCapture(_ word: String) -> Bool {
        [".pcap", ".pcapng", ".cap", ".gz", ".zst"].contains { word.hasSuffix($0) }
    }

    private static func filter(_ option: String?, words: [String]) throws(ProgramFailure) -> String? {
        let trailing = words.joined(separator: " ")
        if let option, !trailing.isEmpty, option != trailing {
            throw ProgramFailure(
                .usage, "two filters, -f \"\(option)\" and \"\(trailing)\": give one, or join them with \"and\"")
        }
        let filter = option ?? trailing
        return filter.isEmpty ? nil : filter
    }

    private static func checked(
        _ value: Int?, _ range: ClosedRange<Int>, _ name: String
    ) throws(ProgramFailure) -> Int? {
        guard let value, !range.contains(value) else { return value }
        let limit =
            range.upperBound == .max ? "at least \(range.lowerBound)" : "\(range.lowerBound) to \(range.upperBound)"
        throw ProgramFailure(.usage, "\(name) \(value): must be \(limit)")
    }

    private func checkCombinations() throws(ProgramFailure) {
        if case .files(let names) = input, names.filter({ $0 == "-" }).count > 1 {
            throw ProgramFailure(.usage, "-r - reads standard input, which can be read once")
        }
        if follows, isLive { throw ProgramFailure(.usage, "--follow needs a file: -r FILE") }
        if writesSecrets, writeFile == nil { throw ProgramFailure(.usage, "--write-secrets needs -w FILE") }
        if qlogFolder != nil, !isJSON { throw ProgramFailure(.usage, "--qlog needs --json") }
        if writesSecrets, keylog == nil { throw ProgramFailure(.usage, "--write-secrets needs --keylog FILE") }
        if writeFile == "-", isJSON {
            throw ProgramFailure(.usage, "-w - and --json both write to standard output: name a file for one of them")
        }
    }

    /// The configuration in effect, as a configuration file.
    var configText: String {
        let names: [String] = if case .interfaces(let names) = input { names } else { ["any"] }
        let list = names.map { "\"\($0)\"" }.joined(separator: ", ")
        return """
            # streamtop configuration; the command line wins over it.
            theme = "\(theme ?? "streamtop-dark")"      # streamtop --list-themes
            color = \(!isMonochrome)
            mouse = \(usesMouse)
            ascii = \(isASCII)
            interfaces = [\(list)]
            buffer_mib = \(bufferMebibytes)                 # kernel capture buffer
            snaplen_bytes = \(snapLength)          # kept of each packet
            memory_mib = \(memoryMebibytes)                # for bytes that wait to be read
            promiscuous = \(isPromiscuous)
            \(interval.map { "interval = \"\(DurationArgument(nanoseconds: $0).text)\"" } ?? "# interval = \"1s\"") # of JSON samples
            speed = \(speed.isInfinite ? "\"max\"" : "\(speed)")                     # of replays, 0.1 to 100 or "max"
            loop = \(loops)

            """
    }
}
