import Foundation
import Testing

/// A replay waits for nobody's holidays.
@Suite struct ReplayGapTests {
    /// Twenty days between two packets: said, and gone past, each time.
    @Test func silencesOfDaysAreSkippedAndSaid() throws {
        let folder = try TemporaryFolder()
        let days = (20 * 86_400 + 3_600) * 1_000_000
        let path = try folder.file("gaps.pcap", SampleCapture.bytes(requests: 3, spacing: days)).path
        let terminal = try PseudoTerminal(["-r", path, "--speed", "1"], environment: ["TERM": "xterm-256color"])
        #expect(terminal.waitFor("skipped 20 days without a packet"))
        #expect(terminal.waitFor("10.0.0.2:80"))
        terminal.type("q")
        #expect(terminal.waitForEnd() == 0)
    }
}
