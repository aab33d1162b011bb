import Foundation
import StreamtopTestSupport
import Testing

/// The dashboard on a real terminal: it comes up under every kind of terminal, and the terminal is given back however
/// the program ends.
@Suite(.serialized) struct TerminalTests {
    /// What xterm and its kin are sent to switch to the other screen and back.
    private let enter = "\u{1b}[?1049h"
    /// In the header of every screen.
    private let title = "streamtop"
    private let leave = "\u{1b}[?1049l"

    private func start(
        _ folder: TemporaryFolder, term: String = "xterm-256color", arguments: [String] = [],
        environment: [String: String] = [:]
    ) throws -> PseudoTerminal {
        // Long enough to be still playing when the test is done with it.
        let path = try folder.file("capture.pcap", SampleCapture.bytes(requests: 2_000)).path
        return try PseudoTerminal(
            ["-r", path] + arguments, environment: ["TERM": term].merging(environment) { $1 })
    }

    @Test func quitGivesTheTerminalBack() throws {
        let folder = try TemporaryFolder()
        let terminal = try start(folder)
        #expect(terminal.waitFor(title))
        #expect(!terminal.modesAreRestored)
        terminal.type("q")
        #expect(terminal.waitForEnd() == 0)
        #expect(terminal.modesAreRestored)
        #expect(terminal.waitFor(leave))
    }

    @Test(arguments: [SIGTERM, SIGINT, SIGHUP, SIGQUIT])
    func signalsGiveTheTerminalBack(_ number: Int32) throws {
        let folder = try TemporaryFolder()
        let terminal = try start(folder)
        #expect(terminal.waitFor(title))
        terminal.signal(number)
        #expect(terminal.waitForEnd() == 0)
        #expect(terminal.modesAreRestored)
        #expect(terminal.waitFor(leave))
    }

    /// Started by `nohup`, which lets no hang-up through, the program still ends when its terminal does.
    @Test func aTerminalThatIsGoneEndsTheProgramUnderNohup() throws {
        let folder = try TemporaryFolder()
        let path = try folder.file("capture.pcap", SampleCapture.bytes(requests: 2_000)).path
        let terminal = try PseudoTerminal(
            ["-r", path], wrapper: ["/bin/sh", "-c", #"trap "" HUP; exec "$0" "$@""#],
            environment: ["TERM": "xterm-256color"])
        #expect(terminal.waitFor(title))
        terminal.hangUp()
        #expect(terminal.waitForEnd(seconds: 10) != nil)
    }

    @Test(arguments: [SIGSEGV, SIGBUS, SIGILL, SIGTRAP, SIGABRT, SIGFPE])
    func crashesGiveTheTerminalBack(_ number: Int32) throws {
        let folder = try TemporaryFolder()
        let terminal = try start(folder)
        #expect(terminal.waitFor(title))
        terminal.signal(number)
        let status = try #require(terminal.waitForEnd())
        // It still dies of the signal: nobody is told that all went well.
        #expect(status & 0x7f == number)
        #expect(terminal.modesAreRestored)
        #expect(terminal.waitFor(leave))
    }

    @Test func suspendGivesTheTerminalBackForAWhile() throws {
        let folder = try TemporaryFolder()
        let terminal = try start(folder)
        #expect(terminal.waitFor(title))
        terminal.signal(SIGTSTP)
        #expect(terminal.waitForStop())
        #expect(terminal.modesAreRestored)
        #expect(terminal.waitFor(leave))
        terminal.forget()
        terminal.signal(SIGCONT)
        #expect(terminal.waitFor(title))
        #expect(!terminal.modesAreRestored)
        terminal.type("q")
        #expect(terminal.waitForEnd() == 0)
        #expect(terminal.modesAreRestored)
    }

    @Test(arguments: [
        "xterm", "xterm-256color", "xterm-direct", "tmux-256color", "screen", "screen-256color", "linux", "vt100",
    ])
    func comesUpOnEveryTerminal(_ term: String) throws {
        let folder = try TemporaryFolder()
        let terminal = try start(folder, term: term)
        #expect(terminal.waitFor(title))
        terminal.type("q")
        #expect(terminal.waitForEnd() == 0)
        #expect(terminal.modesAreRestored)
        // The palette of the user's terminal is never redefined.
        #expect(!terminal.waitFor("\u{1b}]4;", seconds: 0))
        // A terminal without colours is sent none.
        if term == "vt100" { #expect(!terminal.waitFor("\u{1b}[3", seconds: 0)) }
    }

    /// Every escape that a terminal of eight colours is sent for a whole screen: nothing is painted dark on dark, and quiet
    /// words are white, or dim.
    @Test func eightColoursAsTheyAreSent() throws {
        let folder = try TemporaryFolder()
        let path = try folder.file("capture.pcap", SampleCapture.bytes()).path
        let terminal = try PseudoTerminal(
            ["-r", path, "--speed", "max"], environment: ["TERM": "xterm", "TZ": "UTC"])
        #expect(terminal.waitFor("■"))
        // What was on its way is over: then the whole screen again.
        usleep(500_000)
        terminal.forget()
        terminal.type("\u{0c}")
        #expect(terminal.waitFor("quit"))
        usleep(300_000)
        let screen = String(decoding: terminal.written, as: UTF8.self)
        terminal.type("q")
        #expect(terminal.waitForEnd() == 0)
        let black = screen.matches(of: /\u{1b}\[(?:[0-9;]*;)?30(?:;[0-9;]*)?m/)
        // Black letters stand on the coloured ground of the tab that is open, and nowhere else.
        #expect(black.count <= 1)
        let readable = screen.replacing("\u{1b}[H", with: "\n\u{1b}[H")
            .replacing(/\u{1b}\[\d+(;\d+)?[Hd]/) { "\n" + $0.output.0 }
            .replacing("\r", with: "\\r").replacing("\u{1b}", with: "\\e")
        let golden = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent().appending(
            path: "Fixtures/terminal/overview-8-colours-80x24.txt")
        let outcome = try Snapshotting.compare(readable, with: golden)
        #expect(outcome == .same, "\(outcome.failure ?? "")")
    }

    /// A paste cannot quit, and keys that terminals send in their own ways are taken or swallowed whole.
    @Test func sequencesAreNotTyped() throws {
        let folder = try TemporaryFolder()
        let terminal = try start(folder)
        #expect(terminal.waitFor("\u{1b}[?2004h"))
        #expect(terminal.waitFor(title))
        for text in ["\u{1b}[200~quit\rq\u{1b}[201~", "\u{1b}[1;5Q", "\u{1b}[27;5;113~", "\u{1b}[I"] {
            terminal.type(text)
        }
        usleep(300_000)
        terminal.forget()
        terminal.type("?")
        // Still there, and on the page where it was.
        #expect(terminal.waitFor("Ctrl-"))
        terminal.type("\u{1b}[200~q\u{1b}[201~")
        usleep(100_000)
        terminal.type("\u{1b}")
        usleep(100_000)
        terminal.type("q")
        #expect(terminal.waitForEnd() == 0)
        #expect(terminal.waitFor("\u{1b}[?2004l"))
    }

    @Test func noColorMeansNoColor() throws {
        let folder = try TemporaryFolder()
        let terminal = try start(folder, environment: ["NO_COLOR": "1"])
        #expect(terminal.waitFor(title))
        usleep(300_000)
        terminal.type("q")
        #expect(terminal.waitForEnd() == 0)
        // Back to the terminal's own colours (39, 49) is all there may be.
        let text = String(decoding: terminal.written, as: UTF8.self)
        #expect(!text.contains(/\u{1b}\[[0-9;]*(3[0-8]|4[0-8]|9[0-7])[;m]/))
    }

    @Test func plainLocaleGetsPlainCharacters() throws {
        let folder = try TemporaryFolder()
        let terminal = try start(folder, environment: ["LC_ALL": "C"])
        #expect(terminal.waitFor(title))
        terminal.type("q")
        #expect(terminal.waitForEnd() == 0)
        #expect(terminal.written.allSatisfy { $0 < 0x80 })
    }

    @Test func followsTheSizeOfTheTerminal() throws {
        let folder = try TemporaryFolder()
        let terminal = try start(folder)
        #expect(terminal.waitFor(title))
        for (columns, rows) in [(120, 40), (20, 5), (1, 1), (200, 60)] as [(UInt16, UInt16)] {
            terminal.forget()
            terminal.resize(columns: columns, rows: rows)
            usleep(100_000)
        }
        #expect(terminal.waitFor(title))
        terminal.type("q")
        #expect(terminal.waitForEnd() == 0)
    }

    /// `w` writes every packet of the selected flow, later fragments without ports among them, and no others.
    @Test func writesTheSelectedFlow() throws {
        let folder = try TemporaryFolder()
        let fixtures = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        let fragments = fixtures.appendingPathComponent("Fixtures/udp-fragmentation/capture.pcapng").path
        let other = try folder.file("other.pcap", SampleCapture.bytes()).path
        let terminal = try PseudoTerminal(
            ["-r", fragments, "-r", other, "--speed", "max"],
            wrapper: ["/bin/sh", "-c", #"cd "$0" && exec "$@""#, folder.url.path],
            environment: ["TERM": "xterm-256color"], columns: 120, rows: 40)
        #expect(terminal.waitFor("10.77.10.2:9000"))
        terminal.type("/")
        terminal.type("port:9000\r")
        terminal.type("w")
        #expect(terminal.waitFor("433 packets written to"))
        terminal.type("q")
        #expect(terminal.waitForEnd() == 0)
        let names = try FileManager.default.contentsOfDirectory(atPath: folder.url.path)
        let written = try #require(names.first { $0.hasPrefix("streamtop-f") })
        let read = try Program.run(["--json", "-r", folder.url.appendingPathComponent(written).path])
        let flows = JSONRecord.parse(read.output).filter { $0.type == "flow" }
        #expect(flows.map(\.server?.port) == [9_000])
    }

    /// A pipe that ended: its age is said, and no flow looks as if it still sent.
    @Test func ratesOfASourceThatEndedAreZero() throws {
        let folder = try TemporaryFolder()
        let path = try folder.file("capture.pcap", SampleCapture.bytes(requests: 2_000)).path
        let terminal = try PseudoTerminal(
            ["-r", "-"], wrapper: ["/bin/sh", "-c", #"cat "$0" | "$@""#, path],
            environment: ["TERM": "xterm-256color"])
        #expect(terminal.waitFor("ended"))
        usleep(1_500_000)
        terminal.forget()
        terminal.type("\u{0c}")
        #expect(terminal.waitFor("quit"))
        let screen = String(decoding: terminal.written, as: UTF8.self)
        // Header, and both directions of the totals.
        #expect(screen.ranges(of: "0 b/s").count >= 3)
        #expect(!screen.contains("kb/s"))
        terminal.type("q")
        #expect(terminal.waitForEnd() == 0)
    }

    /// Three seeks typed at once lead three steps on, not one.
    @Test func seeksAddUp() throws {
        let folder = try TemporaryFolder()
        let terminal = try start(folder)
        #expect(terminal.waitFor(title))
        terminal.type("p...")
        // Only what changed is sent: the whole screen again, once it stands.
        usleep(800_000)
        terminal.forget()
        terminal.type("\u{0c}")
        #expect(terminal.waitFor("00:00:15."))
        terminal.type("q")
        #expect(terminal.waitForEnd() == 0)
    }

    /// `W`, asked twice, ends the copy of what is captured: the file is whole, and the program goes on.
    @Test func recordingsEndWhenAsked() throws {
        let folder = try TemporaryFolder()
        let copy = folder.url.appendingPathComponent("copy.pcapng").path
        let terminal = try start(folder, arguments: ["-w", copy])
        #expect(terminal.waitFor("rec"))
        terminal.type("W")
        #expect(terminal.waitFor("again ends the file"))
        terminal.type("W")
        #expect(terminal.waitFor("the copy has ended"))
        let read = try Program.run(["--json", "-r", copy])
        #expect(read.status == 0)
        #expect(JSONRecord.parse(read.output).contains { $0.type == "flow" })
        terminal.type("q")
        #expect(terminal.waitForEnd() == 0)
    }

    @Test func unknownTerminalIsToldInWords() throws {
        let folder = try TemporaryFolder()
        for term in ["no-such-terminal", "", "dumb"] {
            let terminal = try start(folder, term: term)
            let status = try #require(terminal.waitForEnd())
            #expect(status == 1 << 8)
            #expect(terminal.waitFor("streamtop: "))
            #expect(terminal.modesAreRestored)
        }
    }

    @Test func everyKeyIsTaken() throws {
        let folder = try TemporaryFolder()
        let terminal = try start(folder, arguments: ["--speed", "max"])
        #expect(terminal.waitFor(title))
        // Keys, sequences, a mouse report, bytes that are no UTF-8: none may end or hang the program.
        for text in [
            "jkGg?\u{1b}", "\u{1b}[A\u{1b}[B\u{1b}[5~", "\u{1b}OP", "\u{1b}[<0;10;6M\u{1b}[<64;10;6M",
            "/rtt>50ms\r\u{1b}",
            "\t\t\u{1b}[Z", "sST\u{1b}", " p+-<>[]", "\r\u{1b}[C\u{1b}[D\u{1b}", "123456789",
            "\u{1b}[200~paste\u{1b}[201~",
        ] {
            terminal.type(text)
            usleep(20_000)
        }
        terminal.type("\u{1b}\u{1b}\u{1b}")
        usleep(100_000)
        terminal.type("\u{3}")
        #expect(terminal.waitForEnd() == 0)
        #expect(terminal.modesAreRestored)
    }
}
