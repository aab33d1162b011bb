import StreamtopBase
import StreamtopTestSupport
import Testing

@testable import StreamtopWire

@Suite struct MediaTextTests {
    @Test(
        arguments: [
            ("1970-01-01T00:00:00Z", 0), ("2000-02-29T12:30:15Z", 951_827_415),
            ("2026-11-28T22:00:00+01:00", 1_795_899_600),
            ("2026-11-28T16:30:00-0430", 1_795_899_600), ("1969-12-31T23:59:59Z", -1),
            ("2026-11-28T21:00:00", 1_795_899_600),
        ] as [(String, Int64)])
    func instants(_ text: String, _ seconds: Int64) {
        #expect(ISO8601Parser.instant(text) == Timestamp(seconds: seconds, nanoseconds: 0))
    }

    @Test func fractionsAndNonsense() {
        #expect(ISO8601Parser.instant("1970-01-01T00:00:01.0000000019Z")?.nanoseconds == 1_000_000_001)
        for wrong in [
            "", "2026-13-01T00:00:00Z", "2026-01-01", "2026-01-01T00:00:00.Z", "2026-01-01T00:00:00Zx",
            "2026-01-01T00:60:00Z",
        ] {
            #expect(ISO8601Parser.instant(wrong) == nil, "\(wrong)")
        }
    }

    @Test(
        arguments: [
            ("PT2S", 2_000), ("PT0.5S", 500), ("PT1H2M3.25S", 3_723_250), ("P1DT1S", 86_401_000), ("-PT1M", -60_000),
        ] as [(String, Int64)])
    func durations(_ text: String, _ milliseconds: Int64) {
        #expect(ISO8601Parser.duration(text) == .milliseconds(milliseconds))
    }

    @Test func noDurations() {
        for wrong in ["", "2S", "PTS", "PT1", "P1S", "PT99999999999999999999S"] {
            #expect(ISO8601Parser.duration(wrong) == nil)
        }
    }

    @Test(arguments: [
        // RFC 3986 section 5.4, without fragments
        ("g", "http://a/b/c/g"), ("./g", "http://a/b/c/g"), ("g/", "http://a/b/c/g/"), ("/g", "http://a/g"),
        ("//g", "http://g"), ("g?y", "http://a/b/c/g?y"), ("..", "http://a/b/"), ("../g", "http://a/b/g"),
        ("../../g", "http://a/g"), ("../../../g", "http://a/g"), ("g;x=1/../y", "http://a/b/c/y"),
        (".", "http://a/b/c/"),
    ])
    func references(_ reference: String, _ expected: String) {
        let base = URLReference("http://a/b/c/d;p?q")
        #expect(base.resolving(URLReference(reference)) == URLReference(expected))
    }

    @Test func contentCodings() {
        // "hello hello hello hello\n" by gzip, zlib, raw deflate and brotli
        let plain = Array("hello hello hello hello\n".utf8)
        let gzip = [UInt8](hex: gzipped)
        #expect(ContentCoding("gzip")?.decode(unsafe gzip.span.bytes, limit: 100) == plain)
        let zlib = [UInt8](hex: zlibbed)
        #expect(ContentCoding("deflate")?.decode(unsafe zlib.span.bytes, limit: 100) == plain)
        let raw = Array(zlib.dropFirst(2).dropLast(4))
        #expect(ContentCoding("deflate")?.decode(unsafe raw.span.bytes, limit: 100) == plain)
        let brotli = [UInt8](hex: brotlied)
        #expect(ContentCoding("br")?.decode(unsafe brotli.span.bytes, limit: 100) == plain)
        #expect(ContentCoding("gzip, br") == nil && ContentCoding("identity") == nil)
        // Bounded, damaged, cut.
        for (coding, bytes) in [(ContentCoding.gzip, gzip), (.deflate, zlib), (.brotli, brotli)] {
            #expect(coding.decode(unsafe bytes.span.bytes, limit: plain.count - 1) == nil)
            for end in 0..<bytes.count {
                let cut = Array(bytes.prefix(end))
                if let part = coding.decode(unsafe cut.span.bytes, limit: 100) { #expect(plain.starts(with: part)) }
            }
        }
    }

    @Test func aBombIsCutOff() {
        // Stored blocks of 65,535 zeros would be long: one block of a fixed code that copies 258 bytes again and again.
        // Literal 0, then length 258 at distance 1, 20,000 times: fixed Huffman codes (RFC 1951 section 3.2.6).
        var bits: [Bool] = [true, true, false]  // last block, fixed codes
        bits += [false, false, true, true, false, false, false, false]
        for _ in 0..<20_000 {
            bits += [true, true, false, false, false, true, false, true] + [Bool](repeating: false, count: 5)
        }
        bits += [Bool](repeating: false, count: 7)
        var bytes = [UInt8](repeating: 0, count: (bits.count + 7) / 8)
        for (index, bit) in bits.enumerated() where bit { bytes[index / 8] |= 1 << UInt8(index % 8) }
        #expect(ContentCoding.deflate.decode(unsafe bytes.span.bytes, limit: 6_000_000)?.count == 1 + 20_000 * 258)
        #expect(ContentCoding.deflate.decode(unsafe bytes.span.bytes, limit: 1 << 20) == nil)
    }
}

/// Made by Python's gzip and zlib and by libbrotlienc.
private let gzipped = "1f8b0800000000000203cb48cdc9c957c84027b9000088590b18000000"
private let zlibbed = "789ccb48cdc9c957c84027b90070be08bb"
private let brotlied = "1b1700f88d946ede445586d60a206c6f4a1179e280ae16"
