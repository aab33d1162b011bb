import StreamtopTestSupport
import Testing

@testable import StreamtopWire

@Suite struct HPACKDecoderTests {
    private func decode(_ hex: String, _ decoder: inout HPACKDecoder) -> [HTTPField]? {
        decoder.decode(unsafe [UInt8](hex: hex).span.bytes)
    }

    private let first = [
        HTTPField(":method", "GET"), HTTPField(":scheme", "http"), HTTPField(":path", "/"),
        HTTPField(":authority", "www.example.com"),
    ]

    /// RFC 7541 appendix C.4: three requests, with Huffman codes and the dynamic table.
    @Test func theExampleOfTheRFC() throws {
        var decoder = try requireOwned(HPACKDecoder())
        #expect(decode("8286 8441 8cf1 e3c2 e5f2 3a6b a0ab 90f4 ff", &decoder) == first)
        #expect(decode("8286 84be 5886 a8eb 1064 9cbf", &decoder) == first + [HTTPField("cache-control", "no-cache")])
        #expect(
            decode("8287 85bf 4088 25a8 49e9 5ba9 7d7f 8925 a849 e95b b8e8 b4bf", &decoder)
                == [
                    HTTPField(":method", "GET"), HTTPField(":scheme", "https"), HTTPField(":path", "/index.html"),
                    HTTPField(":authority", "www.example.com"), HTTPField("custom-key", "custom-value"),
                ])
        #expect(decode("", &decoder) == [])
    }

    @Test func whatBreaksTheRulesEndsTheDirection() throws {
        for block in ["ff", "ffffffffffffffffff7f", "be", "80", "41 05 61"] {
            var decoder = try requireOwned(HPACKDecoder())
            #expect(decode(block, &decoder) == nil, "\(block)")
            #expect(decode("82", &decoder) == nil, "the table is not the sender's any more")
        }
        var decoder = try requireOwned(HPACKDecoder())
        decoder.lose()
        #expect(decode("82", &decoder) == nil)
    }

    /// A smaller table must be acknowledged by the sender at the beginning of its next block (RFC 7541 section 4.2).
    @Test func theTableShrinks() throws {
        var decoder = try requireOwned(HPACKDecoder())
        decoder.setCapacity(0)
        #expect(decode("20 82", &decoder) == [HTTPField(":method", "GET")])
        var other = try requireOwned(HPACKDecoder())
        other.setCapacity(.max)
        #expect(decode("82", &other) == [HTTPField(":method", "GET")])
    }

    @Test func aFloodOfFieldsIsBounded() throws {
        var decoder = try requireOwned(HPACKDecoder())
        let fields = decode(String(repeating: "82", count: 10_000), &decoder)
        #expect(fields?.count == HPACKDecoder.fieldCapacity)
        #expect(decode("82", &decoder)?.count == 1)
    }

    @Test func damagedBlocksEnd() throws {
        let block = [UInt8](hex: "8287 85bf 4088 25a8 49e9 5ba9 7d7f 8925 a849 e95b b8e8 b4bf")
        for seed in UInt64(1)...500 {
            var random = SeededRandom(seed: seed)
            var decoder = try requireOwned(HPACKDecoder())
            let fields = decoder.decode(unsafe random.damaged(block).span.bytes)
            #expect((fields?.count ?? 0) <= block.count + 1, "seed \(seed)")
        }
    }
}
