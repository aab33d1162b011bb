import StreamtopTestSupport
import Testing

@testable import StreamtopWire

@Suite struct DescriptionScannerTests {
    /// What is found in a message that comes in pieces of `size` bytes.
    private func scan(_ text: String, pieces size: Int = .max) -> [DescriptionScanner.Found] {
        scan(Array(text.utf8), pieces: size)
    }

    private func scan(_ bytes: [UInt8], pieces size: Int = .max) -> [DescriptionScanner.Found] {
        var scanner = DescriptionScanner()
        for start in stride(from: 0, to: bytes.count, by: max(1, min(size, bytes.count))) {
            let piece = Array(bytes[start..<min(bytes.count, start + min(size, bytes.count))])
            scanner.feed(unsafe piece.span.bytes)  // UInt8 has no padding
        }
        return scanner.end()
    }

    private static let plain = "v=0\no=- 1 2 IN IP4 0.0.0.0\ns=-\na=ice-ufrag:8hhY"
    private static let found: [DescriptionScanner.Found] = [.description(Array(plain.utf8))]

    /// The same description in every form it is sent in.
    private static let forms: [(String, String)] = [
        ("alone", plain.replacing("\n", with: "\r\n")),
        ("with bare line feeds", plain),
        ("in JSON", #"{"type":"offer","sdp":""# + plain.replacing("\n", with: #"\r\n"#) + #""}"#),
        ("in JSON in JSON", #"{"data":"{\"sdp\":\""# + plain.replacing("\n", with: #"\\r\\n"#) + #"\",\"id\":1}"}"#),
        (
            "in JSON with escaped signs",
            #"{"sdp":""#
                + plain.replacing("\n", with: #"\r\n"#)
                .replacing("=", with: #"\u003d"#) + #""}"#
        ),
        ("behind fields of SIP", "INVITE sip:b@h SIP/2.0\r\nContent-Type: application/sdp\r\n\r\n" + plain),
        ("in a field of protobuf", "\u{a}\u{5}offer\u{12}\u{40}" + plain + "\u{18}\u{1}"),
    ]

    @Test(arguments: 0..<forms.count) func everyForm(_ index: Int) {
        let (name, text) = Self.forms[index]
        #expect(scan(text) == Self.found, "\(name)")
        for size in 1...12 { #expect(scan(text, pieces: size) == Self.found, "\(name) in pieces of \(size)") }
    }

    @Test func candidatesInJSON() {
        let line = "candidate:1 1 udp 2122260223 192.0.2.1 46243 typ host"
        #expect(scan(#"{"candidate":""# + line + #"","sdpMid":"0"}"#) == [.candidate(Array(line.utf8))])
        #expect(scan(#"{"candidate":"","sdpMid":"0"}"#).isEmpty, "the end of candidates names none")
        #expect(scan("a text about candidate:1 of an election").isEmpty)
    }

    /// Near misses: text that has the letters, and no description.
    @Test func whatIsNone() {
        for text in ["v=0", "v=0 o=", "the value v=0\nand o=1", "vv=1\no=", #"{"v":"v=0"}"#, "v=0\no", "v=0o=- 1"] {
            #expect(scan(text).isEmpty, "\(text)")
        }
        // A string that does not end was cut: nobody knows what is missing.
        #expect(scan(#"{"sdp":"v=0\r\no=- 1 2 IN IP4 0.0.0.0\r\n"#).isEmpty)
    }

    @Test func boundsHold() {
        let long = "v=0\no=" + String(repeating: "x", count: SessionDescription.lengthLimit)
        #expect(scan(long).isEmpty)
        let late = String(repeating: " ", count: DescriptionScanner.searchLimit) + Self.plain
        #expect(scan(late).isEmpty, "it stands at the beginning of its message")
        var scanner = DescriptionScanner()
        let bytes = Array(long.utf8)
        scanner.feed(unsafe bytes.span.bytes)
        #expect(scanner.heldBytes <= 2 * SessionDescription.lengthLimit)
    }

    @Test func anyBytesDoNoHarm() {
        var random = SeededRandom(seed: 11)
        let letters = Array(#"v=0o\rnu"candte: \#r\#n\#u{1}"#.utf8)
        for _ in 0..<2_000 {
            let count = Int.random(in: 0...200, using: &random)
            let bytes = (0..<count).map { _ in letters[Int.random(in: 0..<letters.count, using: &random)] }
            for found in scan(bytes, pieces: 7) {
                guard case .description(let text) = found else { continue }
                _ = SessionDescription(unsafe text.span.bytes)
                _ = SessionDescription(fragment: unsafe text.span.bytes)
            }
        }
    }
}
