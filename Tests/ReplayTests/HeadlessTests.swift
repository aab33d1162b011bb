import Foundation
import Testing

/// Without a terminal: text or JSON, closed pipes, the demo.
@Suite struct HeadlessTests {
    @Test func printsTheFlowTableAsText() throws {
        let folder = try TemporaryFolder()
        let path = try folder.file("capture.pcap", SampleCapture.bytes()).path
        let outcome = try Program.run(["-r", path], environment: ["TERM": "xterm-256color"])
        #expect(outcome.status == 0)
        #expect(outcome.output.contains("10.0.0.1:40000"))
        #expect(outcome.output.contains("10.0.0.2:80"))
        #expect(!outcome.output.contains("\u{1b}"))
    }

    @Test func demoPrintsItsFlowsAndEnds() throws {
        let outcome = try Program.run(["demo"])
        #expect(outcome.status == 0, "\(outcome.errors)")
        #expect(outcome.output.contains("203.0.113.7:51544"))
        #expect(!outcome.output.contains("\u{1b}"))
    }

    @Test func sameFileSameBytes() throws {
        let folder = try TemporaryFolder()
        let path = try folder.file("capture.pcap", SampleCapture.bytes(requests: 50)).path
        let arguments = ["--json", "--deterministic", "--interval", "100ms", "-r", path]
        let first = try Program.run(arguments)
        #expect(first.status == 0)
        #expect(first.output.contains(#""type":"sample""#))
        #expect(!first.output.contains("elapsed_ms"))
        #expect(try Program.run(arguments).output == first.output)
    }

    @Test func countAndDurationCut() throws {
        let folder = try TemporaryFolder()
        let path = try folder.file("capture.pcap", SampleCapture.bytes(requests: 50)).path
        #expect(try Program.run(["--json", "-r", path, "-c", "7"]).output.contains(#""packets":7,"#))
        // Frames are 10 ms apart, from 0.
        let cut = try Program.run(["--json", "-r", path, "--duration", "200ms"])
        #expect(cut.output.contains(#""type":"summary","packets":21,"#))
    }

    @Test func noEventsOnDemand() throws {
        let folder = try TemporaryFolder()
        let path = try folder.file("capture.pcap", SampleCapture.bytes()).path
        #expect(try Program.run(["--json", "-r", path]).output.contains(#""type":"event""#))
        #expect(try !Program.run(["--json", "--no-events", "-r", path]).output.contains(#""type":"event""#))
    }

    /// The reader goes away after one line of many; the program ends quietly.
    @Test func closedPipeEndsQuietly() throws {
        let folder = try TemporaryFolder()
        let path = try folder.file("capture.pcap", SampleCapture.bytes(requests: 20_000)).path
        let script = try folder.file(
            "run.sh", Array("\"$1\" --json --interval 10ms -r \"$2\" 2>\"$3\" | head -n 1; echo ${PIPESTATUS[0]}".utf8))
        let errors = folder.url.appendingPathComponent("errors")
        let process = Process()
        process.executableURL = URL(fileURLWithPath: "/bin/bash")
        process.arguments = [script.path, Program.path, path, errors.path]
        let pipe = Pipe()
        process.standardOutput = pipe
        try process.run()
        let output = String(decoding: pipe.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
        process.waitUntilExit()
        let lines = output.split(separator: "\n")
        #expect(lines.count == 2)
        #expect(lines.last == "0")
        #expect(try String(contentsOf: errors, encoding: .utf8).isEmpty)
    }
}
