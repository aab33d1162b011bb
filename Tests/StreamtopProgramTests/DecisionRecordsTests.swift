import Foundation
import Testing

/// The records under docs/decisions and their list.
@Suite struct DecisionRecordsTests {
    private static let folder = URL(filePath: #filePath)
        .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()
        .appending(path: "docs/decisions")

    private let records: [String]
    private let list: [Substring]

    init() throws {
        records = try FileManager.default.contentsOfDirectory(atPath: Self.folder.path)
            .filter { $0.hasSuffix(".md") && $0 != "README.md" }
        list = try Self.text("README.md").split(separator: "\n")
    }

    private static func text(_ name: String) throws -> String {
        try String(contentsOf: folder.appending(path: name), encoding: .utf8)
    }

    private func line(_ record: String) -> Substring? { list.first { $0.contains("(\(record))") } }

    @Test func everyRecordHasOneLine() {
        #expect(!records.isEmpty)
        for record in records {
            #expect(list.filter { $0.hasPrefix("- [\(record.prefix(4))](\(record)) ") }.count == 1, "\(record)")
        }
        let listed = list.filter { $0.hasPrefix("- [") }
        #expect(listed.count == records.count, "a line without a record, or two for one")
    }

    /// Who reads an old record in the list learns there what has replaced it.
    @Test func whatWasReplacedSaysSo() throws {
        var replaced = 0
        for record in records {
            for statement in try Self.text(record).split(separator: "\n") where statement.hasPrefix("Status:") {
                guard let verb = statement.range(of: "replaces ") else { continue }
                for number in statement[verb.upperBound...].matches(of: /\d{4}/).map(\.output) {
                    replaced += 1
                    let old = try #require(records.first { $0.hasPrefix(number) }, "\(record) replaces \(number)")
                    #expect(line(old)?.contains(record.prefix(4)) == true, "\(old) is replaced by \(record)")
                }
            }
        }
        #expect(replaced > 0)
    }
}
