import Foundation

/// Compares texts with files that people review: screens, golden outputs.
///
/// `RECORD_SNAPSHOTS=1` in the environment writes the files anew. A recording run fails, so that nobody mistakes it for a
/// passing one.
package enum Snapshotting {
    package enum Outcome: Equatable {
        case same
        /// What differs, as a text for the test's report.
        case differs(String)
        case recorded(String)

        package var failure: String? {
            switch self {
            case .same: nil
            case .differs(let text), .recorded(let text): text
            }
        }
    }

    package static func compare(_ text: String, with file: URL) throws -> Outcome {
        if ProcessInfo.processInfo.environment["RECORD_SNAPSHOTS"] == "1" {
            try FileManager.default.createDirectory(
                at: file.deletingLastPathComponent(), withIntermediateDirectories: true)
            try text.write(to: file, atomically: true, encoding: .utf8)
            return .recorded("recorded \(file.lastPathComponent); run again without RECORD_SNAPSHOTS")
        }
        guard let expected = try? String(contentsOf: file, encoding: .utf8) else {
            return .differs("\(file.lastPathComponent) is missing; RECORD_SNAPSHOTS=1 writes it")
        }
        return expected == text ? .same : .differs(difference(expected, text, name: file.lastPathComponent))
    }

    /// The first lines that differ.
    private static func difference(_ expected: String, _ actual: String, name: String) -> String {
        let left = expected.split(separator: "\n", omittingEmptySubsequences: false)
        let right = actual.split(separator: "\n", omittingEmptySubsequences: false)
        var report = "\(name) differs (\(left.count) lines, now \(right.count))"
        var displayed = 0
        for index in 0..<max(left.count, right.count) where displayed < 5 {
            let was = index < left.count ? String(left[index]) : "(no line)"
            let now = index < right.count ? String(right[index]) : "(no line)"
            guard was != now else { continue }
            report += "\n line \(index + 1)\n  was |\(was)|\n  now |\(now)|"
            displayed += 1
        }
        return report
    }
}
