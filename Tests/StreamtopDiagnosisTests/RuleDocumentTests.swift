import Foundation
import Testing

@testable import StreamtopDiagnosis

/// The rules in docs/reading-the-numbers.md are those of the table. With RECORD_SNAPSHOTS=1 the document is written, and
/// the run fails so that nobody takes a recording for a test.
@Suite struct RuleDocumentTests {
    private static let document = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        .deletingLastPathComponent().appending(path: "docs/reading-the-numbers.md")
    private static let end = "<!-- end of rules -->"

    private static let table: String = {
        var text = "| rule | name | symptom | figures | silent when |\n|---|---|---|---|---|\n"
        for rule in RuleTable.rules {
            let figures = rule.thresholds.map { "\($0.meaning) \(figure($0)) (\($0.source))" }.joined(separator: "; ")
            var silence = rule.silentWhen
            if !rule.yieldsTo.isEmpty {
                silence.append(
                    "rule \(rule.yieldsTo.sorted().map(String.init).joined(separator: " or ")) says it better")
            }
            text +=
                "| \(rule.number) | `\(rule.name)` | \(rule.symptom) | \(figures) | \(silence.joined(separator: "; ")) |\n"
        }
        return text
    }()

    private static func figure(_ threshold: Threshold) -> String {
        let whole = Int(threshold.value)
        let value = Double(whole) == threshold.value ? "\(whole)" : "\(threshold.value)"
        return threshold.unit.rawValue.isEmpty ? value : "\(value) \(threshold.unit.rawValue)"
    }

    @Test func documentHasTheRules() throws {
        let text = try String(contentsOf: Self.document, encoding: .utf8)
        let opening = try #require(text.range(of: "<!-- rules:"))
        let start = try #require(text.range(of: "-->\n", range: opening.upperBound..<text.endIndex))
        let end = try #require(text.range(of: Self.end))
        let body = String(text[start.upperBound..<end.lowerBound])
        if ProcessInfo.processInfo.environment["RECORD_SNAPSHOTS"] == "1" {
            let recorded = text.replacingCharacters(in: start.upperBound..<end.lowerBound, with: "\n\(Self.table)\n")
            try recorded.write(to: Self.document, atomically: true, encoding: .utf8)
            Issue.record("Recorded the rules anew.")
        } else {
            #expect(body == "\n\(Self.table)\n")
        }
    }

    @Test("A word of bits finds the questions that a list finds one by one")
    func questionsAreFoundByBits() {
        for (needs, askable) in [
            (RuleTable.ofFlows.map(\.needs), RuleTable.askableOfFlows),
            (RuleTable.ofSenders.map(\.needs), RuleTable.askableOfSenders),
        ] {
            // Each need alone, all but each, none and all.
            let single = (0..<UInt32(32)).map { UInt32(1) << $0 }
            for facts in (single + single.map { ~$0 } + [0, .max]).map(Rule.Needs.init(rawValue:)) {
                for last in [-1, 0, needs.count / 2, needs.count - 1] {
                    let expected = needs.indices.filter { $0 > last && facts.isSuperset(of: needs[$0]) }
                    let found = askable.questions(with: facts, orAll: false, behind: last)
                    #expect(needs.indices.filter { found >> UInt64($0) & 1 == 1 } == expected)
                    let all = askable.questions(with: facts, orAll: true, behind: last)
                    #expect(all.nonzeroBitCount == needs.count - 1 - last)
                }
            }
        }
    }
}
