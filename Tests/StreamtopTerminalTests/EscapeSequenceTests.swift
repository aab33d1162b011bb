import StreamtopView
import Testing

@testable import StreamtopTerminal

@Suite struct EscapeSequenceTests {
    /// Reads the sequence behind an escape; also how many characters it left.
    private func decode(_ text: String) -> (outcome: EscapeSequence.Outcome, left: Int) {
        var rest = Array(text.unicodeScalars.map(\.value))[...]
        let outcome = EscapeSequence.decode { rest.popFirst() }
        return (outcome, rest.count)
    }

    @Test(arguments: [
        ("[1~", Key.home), ("[7~", .home), ("[H", .home), ("OH", .home), ("[4~", .end), ("[8~", .end), ("[F", .end),
        ("OF", .end), ("[5~", .pageUp), ("[A", .up), ("OA", .up), ("[1;2C", .shiftRight), ("OP", .function(1)),
    ])
    func keysThatTerminalsDisagreeOn(_ text: String, _ key: Key) {
        let (outcome, left) = decode(text + "q")
        #expect(outcome == .key(key))
        #expect(left == 1)
    }

    @Test(arguments: [
        "[I", "[O", "[1;5A", "[<0;12;3M", "[?1;2c", "[27;5;113~", "]52;c;cXE=\u{07}", "P1$r0m\u{1b}\\", "[ q",
    ])
    func unknownOnesAreSwallowedWhole(_ text: String) {
        let (outcome, left) = decode(text + "q")
        #expect(outcome == .swallowed)
        #expect(left == 1)
    }

    @Test func escapeAloneIsAKey() {
        #expect(decode("").outcome == .escape(then: nil))
        #expect(decode("q").outcome == .escape(then: 0x71))
    }

    @Test func pastedTextIsNoKeys() {
        let (outcome, left) = decode("[200~q\u{1b}[20q\r\u{1b}[201~j")
        #expect(outcome == .key(.paste("q\u{1b}[20q\r")))
        #expect(left == 1)
        // Without its end: all there is.
        #expect(decode("[200~quit").outcome == .key(.paste("quit")))
    }

    @Test func cutAtEveryCharacterNothingLeaksOut() {
        for text in ["[1;2C", "[200~q\u{1b}[201~", "]0;title\u{07}", "OH"] {
            for end in 1...text.count {
                let (outcome, left) = decode(String(text.prefix(end)))
                #expect(left == 0)
                if case .escape(let then) = outcome { #expect(then == nil, "\(text.prefix(end))") }
            }
        }
    }

    @Test func endlessSequencesEnd() {
        let (outcome, _) = decode("[" + String(repeating: "1", count: 1_000))
        #expect(outcome == .swallowed)
        let (pasted, left) = decode("[200~" + String(repeating: "x", count: 100_000))
        guard case .key(.paste(let text)) = pasted else {
            Issue.record("no text")
            return
        }
        #expect(text.count == 4_096 && left == 0)
    }
}
