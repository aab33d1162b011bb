import Foundation
import Testing

/// Nothing the program is given keeps it from starting, from going on or from ending.
@Suite struct LivenessTests {
    private static let fixture = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        .appending(path: "Fixtures/tls13-0rtt/capture.pcapng").path()

    private func pipe(in folder: TemporaryFolder) -> String {
        let path = folder.url.path + "/pipe"
        #expect(unsafe mkfifo(path, 0o600) == 0)
        return path
    }

    private func sample(_ folder: TemporaryFolder, requests: Int = 5) throws -> String {
        try folder.file("m.pcap", SampleCapture.bytes(requests: requests)).path
    }

    private func summary(_ output: String) -> String {
        output.split(separator: "\n").last { $0.contains(#""type":"summary""#) }.map(String.init) ?? ""
    }

    // MARK: Key logs

    /// A pipe nobody writes to.
    @Test func aKeyLogWithoutAWriterDoesNotBlock() throws {
        let folder = try TemporaryFolder()
        let program = try RunningProgram(["--json", "-r", sample(folder), "--keylog", pipe(in: folder)])
        #expect(program.waitForEnd() == 0)
        #expect(program.records("summary").first?.packets == 16)
        #expect(summary(program.output).contains(#""secrets":0"#))
        #expect(program.errors.contains("0 secrets read from"))
    }

    /// A pipe whose writer never says anything and never ends: the frames begin without it.
    @Test func aSilentKeyLogIsWaitedForBriefly() throws {
        let folder = try TemporaryFolder()
        let path = pipe(in: folder)
        let holder = unsafe open(path, O_RDWR)
        defer { close(holder) }
        let program = try RunningProgram(["--json", "-r", sample(folder), "--keylog", path])
        #expect(program.waitForEnd() == 0)
        #expect(program.errors.contains("0 secrets read"))
    }

    /// `--keylog <(ssh host cat keys)`: slow, in pieces, and whole before the first frame.
    @Test func aKeyLogFromAPipeIsReadToItsEnd() throws {
        let folder = try TemporaryFolder()
        let text = try SecretsTests.keyLog()
        let keys = try folder.file("keys", text).path
        let bare = folder.url.path + "/bare.pcapng"
        _ = try Program.run(["--json", "-r", Self.fixture, "-w", bare])
        let script = #""$1" --json -r "$2" --keylog <(head -c 300 "$3"; sleep 0.4; tail -c +301 "$3")"#
        let outcome = try Shell.run(script, [Program.path, bare, keys])
        #expect(outcome.status == 0, "\(outcome.errors)")
        #expect(outcome.output.contains(#""decrypted":true"#))
        let lines = String(decoding: text, as: UTF8.self).split(separator: "\n").filter { !$0.hasPrefix("#") }
        #expect(summary(outcome.output).contains(#""secrets":\#(lines.count),"#))
        #expect(outcome.errors.isEmpty)
    }

    @Test(arguments: ["/dev/zero", "/dev/urandom", "/tmp", "/no/such/file"])
    func whatIsNoKeyLogIsRefused(_ path: String) throws {
        let folder = try TemporaryFolder()
        let program = try RunningProgram(["--json", "-r", sample(folder), "--keylog", path])
        #expect(program.waitForEnd() == 1)
        #expect(program.errors.contains("\(path): the key log cannot be read"))
        // Not asked for on the command line, it is no reason to stop.
        let other = try RunningProgram(["--json", "-r", sample(folder)], environment: ["SSLKEYLOGFILE": path])
        #expect(other.waitForEnd() == 0)
    }

    @Test func aKeyLogOfSomethingElseIsSaid() throws {
        let folder = try TemporaryFolder()
        let keys = try folder.file("keys", [UInt8](repeating: 0x20, count: 100_000)).path
        let outcome = try Program.run(["--json", "-r", sample(folder), "--keylog", keys])
        #expect(outcome.status == 0)
        #expect(outcome.errors == "streamtop: 0 secrets read from \(keys): nothing is decrypted with it\n")
        #expect(summary(outcome.output).contains(#""secrets":0"#))
        #expect(try !Program.run(["--json", "-r", sample(folder)]).output.contains(#""secrets""#))
    }

    // MARK: The end

    /// Ends the program in the state that `arguments` and `script` bring about; the summary must be there in time.
    private func endsInTime(_ program: RunningProgram, summary: Bool = true, status: Int32 = 0) {
        let start = ContinuousClock.now
        #expect(program.stop(seconds: 20) == status, "\(program.errors)")
        // Two seconds are promised; a loaded machine gets some more.
        #expect(ContinuousClock.now - start < .seconds(6))
        if summary { #expect(program.records("summary").count == 1) }
    }

    @Test func aCaptureThatDoesNotComeEndsAtTheFirstSignal() throws {
        let folder = try TemporaryFolder()
        let program = try RunningProgram(["--json", "-r", pipe(in: folder)])
        usleep(300_000)
        endsInTime(program)
    }

    @Test func aKeyLogThatDoesNotComeEndsAtTheFirstSignal() throws {
        let folder = try TemporaryFolder()
        let path = pipe(in: folder)
        let holder = unsafe open(path, O_RDWR)
        defer { close(holder) }
        let program = try RunningProgram(["--json", "-r", sample(folder), "-r", "-", "--keylog", path])
        usleep(300_000)
        endsInTime(program)
    }

    @Test func oneOfTwoCapturesThatStandsStill() throws {
        let folder = try TemporaryFolder()
        let program = try RunningProgram(["--json", "-r", sample(folder), "-r", pipe(in: folder)])
        usleep(300_000)
        endsInTime(program)
        #expect(program.records("summary").first?.packets != nil)
    }

    /// Who reads the records reads no more: what is told so far is all that can be told.
    @Test func aStuckReaderOfRecordsIsGivenUpAfterTheFirstSignal() throws {
        let folder = try TemporaryFolder()
        let path = pipe(in: folder)
        let reader = unsafe open(path, O_RDONLY | O_NONBLOCK)
        defer { close(reader) }
        let writer = unsafe open(path, O_WRONLY)
        let errors = try folder.emptyFile("errors")
        let program = try ChildProcess(
            [Program.path, "--json", "--interval", "10ms", "-r", sample(folder, requests: 20_000)],
            environment: Program.base, output: writer, errors: errors.handle.fileDescriptor)
        close(writer)
        usleep(700_000)
        #expect(program.isRunning, "it waits for its reader")
        let start = ContinuousClock.now
        program.signal(SIGTERM)
        program.wait()
        #expect(ContinuousClock.now - start < .seconds(6))
        #expect(program.terminationStatus == 1)
    }

    /// The same for the copy of the capture; the records are whole.
    @Test func aStuckReaderOfTheCopyIsGivenUpAfterTheFirstSignal() throws {
        let folder = try TemporaryFolder()
        let path = pipe(in: folder)
        let reader = unsafe open(path, O_RDONLY | O_NONBLOCK)
        defer { close(reader) }
        let program = try RunningProgram(["--json", "-r", sample(folder, requests: 20_000), "-w", path])
        usleep(700_000)
        endsInTime(program, status: 1)
        #expect(program.errors.contains("its reader takes nothing"))
    }

    /// A terminal whose window hangs: nobody reads what the dashboard paints.
    @Test func aStuckTerminalIsGivenUpAfterTheFirstSignal() throws {
        let terminal = try PseudoTerminal(
            ["demo"], environment: ["TERM": "xterm-256color"], columns: 240, rows: 80)
        // What a pseudo-terminal holds unread is less than the first screen.
        usleep(1_500_000)
        let start = ContinuousClock.now
        terminal.signal(SIGTERM)
        // Its end is read from the process's state: to wait for it in the usual way would read the terminal.
        var isOver = false
        while !isOver, ContinuousClock.now - start < .seconds(20) {
            let status = try? String(contentsOfFile: "/proc/\(terminal.process)/stat", encoding: .utf8)
            isOver = status?.split(separator: ")").last?.hasPrefix(" Z") ?? true
            usleep(20_000)
        }
        #expect(isOver)
        #expect(ContinuousClock.now - start < .seconds(6))
        #expect(terminal.waitForEnd() == 0)
        #expect(terminal.modesAreRestored)
    }

    // MARK: Files that are followed

    @Test func aFollowedFileThatIsReplacedIsSaid() throws {
        let folder = try TemporaryFolder()
        let path = try sample(folder)
        let program = try RunningProgram(["--json", "--follow", "-r", path])
        #expect(program.waitFor { !$0.records("event").isEmpty })
        try FileManager.default.moveItem(atPath: path, toPath: path + ".1")
        _ = try sample(folder)
        #expect(program.waitFor { $0.errors.contains("\(path) is another file now") })
        #expect(program.stop() == 0)
        #expect(summary(program.output).contains(#""trouble":"\#(path) is another file now"#))
        #expect(program.records("summary").first?.packets == 16)
    }
}
