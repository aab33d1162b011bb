import FoundationEssentials
import Glibc
import StreamtopBase
import StreamtopCapture
import StreamtopEngine
import StreamtopHost
import StreamtopModel
import StreamtopTerminal
import StreamtopView

/// The dashboard: one thread analyses, this one owns the terminal and what the user sees.
enum RunInteractive {
    static func run(_ settings: Settings, environment: [String: String]) throws(ProgramFailure) -> ExitStatus {
        // Errors are told before the screen is taken, where they can be read.
        let shelf = ThemeShelf(configPath: settings.configPath)
        let theme = try shelf.theme(named: settings.theme)
        let profile = try profile(settings, environment: environment)
        let keys = try keyDescriptor(settings)
        TerminalSignals.install()
        let analysis = AnalysisThread(settings)
        try analysis.start()
        // Capabilities belong to threads: the other one has given up its own.
        Privileges.drop()
        var failure: ProgramFailure?
        do {
            var dashboard = try Dashboard(
                settings, analysis: analysis, shelf: shelf, theme: theme, profile: profile, keys: keys)
            dashboard.run()
        } catch {
            failure = ProgramFailure(.failure, "terminal type \(profile.name) cannot show a screen; use --json")
        }
        // The screen is given back: what went wrong can be read.
        let ended = analysis.stop()
        if let failure = failure ?? ended { throw failure }
        return .done
    }

    private static func profile(
        _ settings: Settings, environment: [String: String]
    ) throws(ProgramFailure) -> TerminalProfile {
        let type = environment["TERM"] ?? ""
        guard
            let profile = TerminalProfile(
                type: type, colorTerm: environment["COLORTERM"] ?? "", monochrome: settings.isMonochrome)
        else {
            throw ProgramFailure(
                .failure,
                type.isEmpty
                    ? "TERM is not set: set it to your terminal's type, or use --json"
                    : "no description of terminal type \(type): install ncurses-term, set TERM=xterm, or use --json")
        }
        return profile
    }

    /// Keys come from standard input, or from the terminal itself when that carries a capture.
    private static func keyDescriptor(_ settings: Settings) throws(ProgramFailure) -> Int32 {
        if isatty(STDIN_FILENO) != 0 { return STDIN_FILENO }
        let terminal = unsafe open("/dev/tty", O_RDWR | O_CLOEXEC)
        guard terminal >= 0 else {
            throw ProgramFailure(.failure, "no terminal to read keys from (/dev/tty): use --json")
        }
        return terminal
    }
}

/// The loop of the dashboard: keys and pictures in, screens out.
private struct Dashboard: ~Copyable {
    private var terminal: NcursesTerminal
    private let settings: Settings
    private let analysis: AnalysisThread
    private let shelf: ThemeShelf
    private let depth: ColorDepth
    private var state: ViewState
    private var context: ViewContext
    private var cells = CellBuffer(width: 0, height: 0)
    private var isOver = false
    /// The flow whose whole series the analysis was asked for.
    private var chartedFlow: FlowIdentifier?
    /// The picture or the state changed since the last painting.
    private var isStale = true

    /// Pictures come ten times a second; without one, clocks on the screen still move on.
    private static let tick: Int32 = 250

    init(
        _ settings: Settings, analysis: AnalysisThread, shelf: ThemeShelf, theme: Theme, profile: TerminalProfile,
        keys: Int32
    ) throws(TerminalError) {
        self.settings = settings
        self.analysis = analysis
        self.shelf = shelf
        depth = profile.depth
        terminal = try NcursesTerminal(
            profile: profile, styles: theme.styles(depth: profile.depth), keys: keys, mouse: settings.usesMouse)
        let size = terminal.size
        state = ViewState(width: size.width, height: size.height, theme: theme.name)
        state.adopt(settings.view)
        context = ViewContext(
            snapshot: Snapshot(time: Timestamp(nanoseconds: 0)), now: Clocks.monotonic, source: settings.label,
            glyphs: settings.isASCII || !profile.isUnicode ? .ascii : profile.isConsole ? .console : .unicode,
            utcOffsetSeconds: Clocks.utcOffsetSeconds,
            themes: shelf.listings)
    }

    mutating func run() {
        while !isOver {
            terminal.wait(milliseconds: Dashboard.tick)
            if terminal.isGone { isOver = true }
            obeySignals()
            context.now = Clocks.monotonic
            context.replay = analysis.status.replay
            context.recordings = analysis.status.recordings
            while !isOver, let key = terminal.nextKey() { reduce(key) }
            showNotices()
            takePicture()
            if isStale, !isOver { paint() }
        }
    }

    private mutating func obeySignals() {
        let signals = TerminalSignals.take()
        if signals.contains(.stop) { isOver = true }
        if signals.contains(.suspend) { suspend() }
        if let key = terminal.adoptSize() { reduce(key) }
    }

    private mutating func suspend() {
        terminal.suspend()
        if let key = terminal.adoptSize() { reduce(key) }
        isStale = true
    }

    private mutating func reduce(_ key: Key) {
        isStale = true
        for effect in ViewReducer.reduce(&state, key, in: context) { perform(effect) }
    }

    private mutating func takePicture() {
        // Live and paused: the capture goes on, the picture stands.
        let isFrozen = state.isPaused && !settings.isReplay
        if let snapshot = analysis.snapshots.take(), !isFrozen {
            context.snapshot = snapshot
            isStale = true
        }
        ViewReducer.advance(&state, in: context)
        if state.chartedFlow != chartedFlow {
            chartedFlow = state.chartedFlow
            analysis.commands.put(.select(chartedFlow))
        }
    }

    private mutating func showNotices() {
        for notice in analysis.status.takeNotices() { notify(notice.text, notice.severity) }
    }

    private mutating func notify(_ text: String, _ severity: Verdict.Severity = .info) {
        ViewReducer.notify(&state, text, severity: severity, now: context.now)
        isStale = true
    }

    private mutating func paint() {
        let size = terminal.size
        if cells.width != size.width || cells.height != size.height {
            cells = CellBuffer(width: size.width, height: size.height)
        }
        Frontend.render(context, state, into: &cells)
        terminal.paint(cells)
        isStale = false
    }

    // MARK: Effects

    private mutating func perform(_ effect: Effect) {
        let commands = analysis.commands
        switch effect {
        case .quit: isOver = true
        case .suspend: suspend()
        case .repaint: terminal.redraw()
        case .setPaused(let isPaused): if settings.isReplay { commands.put(.pause(isPaused)) }
        case .step: commands.put(.step)
        case .seek(let target): commands.put(.seek(target))
        case .setSpeed(let speed): commands.put(.speed(speed))
        case .setLooping(let isLooping): commands.put(.loop(isLooping))
        // What is looked at is told with every picture.
        case .selectFlow: break
        case .writeFlow(let flow): write(flow)
        case .endRecordings(let flow): commands.put(.endRecordings(of: flow))
        case .useTheme(let name): use(theme: name)
        case .saveTheme(let name):
            save("theme \(name) is kept") { ConfigFile.settingTheme(name, in: $0) }
        case .saveView(let view): save("the view is kept") { ConfigFile.settingView(view, in: $0) }
        case .exportView(let format, let text): export(text, format)
        case .copy(let text): copy(text)
        case .reset: commands.put(.reset)
        }
    }

    private mutating func use(theme name: String) {
        do throws(ProgramFailure) {
            let theme = try shelf.theme(named: name)
            terminal.adopt(theme.styles(depth: depth))
            isStale = true
        } catch {
            notify(error.message, .warning)
        }
    }

    /// Changes the text of the configuration file.
    private mutating func save(_ done: String, _ change: (String) -> String) {
        guard let path = settings.configPath else { return notify("no configuration file: HOME is not set", .warning) }
        let text = FileText.read(path).map { String(decoding: $0, as: UTF8.self) } ?? ""
        let fault =
            Folder.make(PathText.folder(of: path)).map { SystemError.text($0) }
            ?? FileText.replace(path, with: Array(change(text).utf8))
        if let fault {
            notify("\(path) cannot be written: \(fault)", .warning)
        } else {
            notify("\(done) in \(path)")
        }
    }

    /// Writes the table to a file that is not there yet.
    private mutating func export(_ text: String, _ format: ViewExport.Format) {
        let path = ViewFileName.name(format, at: Clocks.wall)
        do {
            let file = try OutputFile(path: path, existing: .refuseAll)
            try file.write(Array(text.utf8))
            try file.finish()
            notify("the table is written to \(path)")
        } catch let error as CaptureError {
            notify(error.message, .warning)
        } catch {
            notify("\(path) cannot be written", .warning)
        }
    }

    private mutating func copy(_ text: String) {
        let isSent = terminal.copy(Data(text.utf8).base64EncodedString())
        notify(
            isSent ? "sent to the terminal's clipboard (OSC 52)" : "this terminal has no clipboard",
            isSent ? .info : .warning)
    }

    /// Writes the flow's packets: from now on when live, all of them from a file.
    private mutating func write(_ identifier: FlowIdentifier) {
        guard let flow = context.snapshot.flows.first(where: { $0.identifier == identifier }) else {
            return notify("this flow is gone", .warning)
        }
        let path = FlowFileName.name(of: identifier, at: Clocks.wall)
        let watched = WatchedFlow(flow, engineStart: context.snapshot.start)
        if settings.canRestart {
            FlowExtraction.start(settings, watched: watched, path: path, status: analysis.status)
        } else {
            analysis.commands.put(.write(watched, path: path))
        }
    }
}

extension Settings {
    /// For the header line.
    fileprivate var label: SourceLabel {
        let kind: SourceLabel.Kind =
            switch input {
            case .interfaces: .live
            case .files: .file
            case .demo: .demo
            }
        // The name, not the way to it: that is what tells one capture from another in the few columns there are.
        let names = inputNames.map { $0 == "-" ? "standard input" : String($0.split(separator: "/").last ?? "") }
        let name = input == .demo ? "bundled capture" : names.joined(separator: ", ")
        return SourceLabel(kind: kind, name: name, filter: filter ?? "")
    }
}
