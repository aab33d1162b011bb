import Foundation
import StreamtopTestSupport
import Testing

/// Every fixture with a capture, through the built program, against the records it printed when they were last reviewed.
/// A change in any number of any flow shows here; `RECORD_SNAPSHOTS=1` records anew, and the diff is to be read.
@Suite struct GoldenTests {
    private static let fixtures = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        .appending(path: "Fixtures")

    static let cases: [String] = {
        let names = (try? FileManager.default.contentsOfDirectory(atPath: fixtures.path())) ?? []
        return names.sorted().filter {
            FileManager.default.fileExists(atPath: fixtures.appending(path: "\($0)/capture.pcapng").path())
        }
    }()

    @Test(arguments: cases)
    func record(_ name: String) throws {
        let folder = Self.fixtures.appending(path: name)
        let run = try Program.run([
            "--json", "--deterministic", "--interval", "1s", "-r", folder.appending(path: "capture.pcapng").path(),
        ])
        #expect(run.status == 0, "\(run.errors)")
        // The first record names the file, and so the place of this checkout.
        let records = run.output.drop { $0 != "\n" }.dropFirst()
        let outcome = try Snapshotting.compare(String(records), with: folder.appending(path: "expected.jsonl"))
        #expect(outcome == .same, "\(outcome.failure ?? "")")
    }

    @Test func thereAreCases() {
        #expect(Self.cases.count >= 10)
    }
}
