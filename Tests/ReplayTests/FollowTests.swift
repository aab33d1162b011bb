import Foundation
import Testing

/// Captures that are still being written: files that grow, pipes that stay open.
@Suite struct FollowTests {
    /// The file grows in pieces that end inside records; what is whole is told at once, and nothing twice.
    @Test func growingFileIsFollowed() throws {
        let folder = try TemporaryFolder()
        let bytes = SampleCapture.bytes(requests: 40)
        let file = try folder.file("growing.pcap", Array(bytes[..<10]))
        let program = try RunningProgram(["--json", "--follow", "--interval", "100ms", "-r", file.path])
        let writer = try FileHandle(forWritingTo: file)
        try writer.seekToEnd()
        for start in stride(from: 10, to: bytes.count, by: 1_501) {
            try writer.write(contentsOf: bytes[start..<min(start + 1_501, bytes.count)])
            // Time to read a piece that ends inside a record; without it the test still holds and shows less.
            usleep(30_000)
        }
        // Samples came while the file grew: 86 packets, 10 ms apart, one sample each tenth of a second.
        #expect(program.waitFor { $0.records("sample").count >= 8 })
        #expect(program.records("summary").isEmpty)
        #expect(program.stop() == 0)
        #expect(program.records("summary").first?.packets == 86)
        #expect(program.flowPackets == 86)
        #expect(program.errors.isEmpty)
    }

    /// Who rotates files cuts them; the end is said, and what came before is told.
    @Test func shrinkingFileEndsWithFour() throws {
        let folder = try TemporaryFolder()
        let bytes = SampleCapture.bytes(requests: 40)
        let file = try folder.file("cut.pcap", bytes)
        let program = try RunningProgram(["--json", "--follow", "--interval", "100ms", "-r", file.path])
        #expect(program.waitFor { $0.records("sample").count >= 8 })
        try FileHandle(forWritingTo: file).truncate(atOffset: 24)
        #expect(program.waitForEnd() == 4)
        #expect(program.records("summary").first?.packets == 86)
        #expect(program.errors.contains("became shorter"))
    }

    /// `ssh host tcpdump -w - | streamtop -r -`: the capture on standard input, the keys from the terminal.
    @Test func captureOnStandardInputKeysFromTheTerminal() throws {
        let folder = try TemporaryFolder()
        let path = try folder.file("capture.pcap", SampleCapture.bytes(requests: 5)).path
        // The pipe stays open after the file, as that of a tcpdump that waits for packets.
        let script = #"{ cat "$1"; sleep 30; } | { "$0" -r - --speed max; echo "ended with $?"; kill 0; }"#
        let terminal = try PseudoTerminal(
            [path], wrapper: ["/bin/bash", "-c", script], environment: ["TERM": "xterm-256color"])
        #expect(terminal.waitFor("10.0.0.2:80"))
        terminal.forget()
        terminal.type("?")
        #expect(terminal.waitFor(" Keys "))
        terminal.type("\u{1b}")
        terminal.type("q")
        #expect(terminal.waitFor("ended with 0"))
        #expect(terminal.modesAreRestored)
    }
}
