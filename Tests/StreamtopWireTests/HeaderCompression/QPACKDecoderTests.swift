import StreamtopTestSupport
import Testing

@testable import StreamtopWire

@Suite struct QPACKDecoderTests {
    private func decode(_ hex: String, _ decoder: inout QPACKDecoder) -> QPACKDecoder.Outcome {
        decoder.decode(unsafe [UInt8](hex: hex).span.bytes)
    }

    private func feed(_ hex: String, _ decoder: inout QPACKDecoder) -> Bool {
        decoder.readEncoderStream(unsafe [UInt8](hex: hex).span.bytes)
    }

    // What cannot be copied cannot stand in an expectation.
    private func insertions(_ decoder: borrowing QPACKDecoder) -> UInt64 { decoder.insertCount }
    private func isBroken(_ decoder: borrowing QPACKDecoder) -> Bool { decoder.isBroken }
    private func isMade(capacity: UInt64) -> Bool {
        if let decoder = QPACKDecoder(capacity: capacity) { !decoder.isBroken } else { false }
    }

    /// RFC 9204 appendix B, all of it.
    @Test func theExampleOfTheRFC() throws {
        var decoder = try requireOwned(QPACKDecoder(capacity: 220))
        // B.1 Literal Field Line with Name Reference
        #expect(
            decode("0000 510b 2f69 6e64 6578 2e68 746d 6c", &decoder) == .fields([HTTPField(":path", "/index.html")]))
        // B.2 Dynamic Table; the section overtakes the insertions
        let second = "0381 10 11"
        #expect(decode(second, &decoder) == .blocked(until: 2))
        #expect(feed("3fbd01 c00f 7777 772e 6578 616d 706c 652e 636f 6d", &decoder))
        #expect(decode(second, &decoder) == .blocked(until: 2))
        #expect(feed("c10c 2f73 616d 706c 652f 7061 7468", &decoder))
        #expect(
            decode(second, &decoder)
                == .fields([HTTPField(":authority", "www.example.com"), HTTPField(":path", "/sample/path")]))
        // B.3 Speculative Insert
        #expect(feed("4a63 7573 746f 6d2d 6b65 790c 6375 7374 6f6d 2d76 616c 7565", &decoder))
        #expect(insertions(decoder) == 3)
        // B.4 Duplicate Instruction
        #expect(feed("02", &decoder))
        #expect(
            decode("0500 80 c1 81", &decoder)
                == .fields([
                    HTTPField(":authority", "www.example.com"), HTTPField(":path", "/"),
                    HTTPField("custom-key", "custom-value"),
                ]))
        // B.5 Dynamic Table Insert, Eviction
        #expect(feed("810d 6375 7374 6f6d 2d76 616c 7565 32", &decoder))
        #expect(insertions(decoder) == 5)
        #expect(isBroken(decoder) == false)
    }

    @Test func instructionsMayComeByteByByte() throws {
        var decoder = try requireOwned(QPACKDecoder(capacity: 220))
        for byte in [UInt8](hex: "3fbd01 c00f 7777 772e 6578 616d 706c 652e 636f 6d") {
            #expect(decoder.readEncoderStream(unsafe [byte].span.bytes))
        }
        #expect(decode("0200 80", &decoder) == .fields([HTTPField(":authority", "www.example.com")]))
    }

    @Test func brokenSectionsAndStreams() throws {
        // An index without its end, one without bounds, an entry of a table that was not allowed, nothing at all.
        for section in ["0000 ff", "0000 ff ff ff ff ff ff ff ff ff ff 7f", "0200 80", ""] {
            var decoder = try requireOwned(QPACKDecoder(capacity: 0))
            #expect(decode(section, &decoder) == .malformed)
            #expect(decode("0000 c1", &decoder) == .malformed, "it is a connection error")
        }
        var decoder = try requireOwned(QPACKDecoder(capacity: 0))
        #expect(!feed("3fbd01", &decoder), "a table larger than allowed")
        #expect(isBroken(decoder) == true)
        #expect(!feed("02", &decoder))
    }

    @Test func aTableBeyondTheCapIsRefused() {
        #expect(!isMade(capacity: UInt64(QPACKDecoder.tableCapacity) + 1))
        #expect(!isMade(capacity: .max))
        #expect(isMade(capacity: UInt64(QPACKDecoder.tableCapacity)))
    }

    @Test func aFloodOfFieldsIsCapped() throws {
        var decoder = try requireOwned(QPACKDecoder(capacity: 0))
        let section = [0, 0] + [UInt8](repeating: 0xc1, count: 10_000)
        guard case .fields(let fields) = decoder.decode(unsafe section.span.bytes) else {
            Issue.record("not decoded")
            return
        }
        #expect(fields.count == QPACKDecoder.fieldCapacity)
    }

    @Test func cutAndDamagedBytesAreSafe() throws {
        let instructions = [UInt8](
            hex: "3fbd01 c00f 7777 772e 6578 616d 706c 652e 636f 6d c10c 2f73 616d 706c 652f 7061 7468 02 00")
        let section = [UInt8](hex: "0381 10 11 c1 510b 2f69 6e64 6578 2e68 746d 6c 2703 616263 01 64")
        for length in section.indices {
            var decoder = try requireOwned(QPACKDecoder(capacity: 220))
            _ = decoder.readEncoderStream(unsafe instructions.span.bytes)
            _ = decoder.decode(unsafe Array(section.prefix(length)).span.bytes)
        }
        for seed in UInt64(1)...500 {
            var random = SeededRandom(seed: seed)
            var decoder = try requireOwned(QPACKDecoder(capacity: 220))
            _ = decoder.readEncoderStream(unsafe random.damaged(instructions).span.bytes)
            _ = decoder.decode(unsafe random.damaged(section).span.bytes)
            #expect(insertions(decoder) < 100, "seed \(seed)")
        }
    }

    @Test func thousandsOfSectionsDoNotWearItOut() throws {
        var decoder = try requireOwned(QPACKDecoder(capacity: 220))
        #expect(feed("3fbd01 c00f 7777 772e 6578 616d 706c 652e 636f 6d", &decoder))
        for _ in 0..<5_000 {
            #expect(decode("0200 80", &decoder) == .fields([HTTPField(":authority", "www.example.com")]))
        }
    }
}
