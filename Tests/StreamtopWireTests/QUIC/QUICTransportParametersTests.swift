import StreamtopTestSupport
import Testing

@testable import StreamtopWire

@Suite struct QUICTransportParametersTests {
    private func decode(_ hex: String) throws -> QUICTransportParameters { try decode([UInt8](hex: hex)) }

    private func decode(_ bytes: [UInt8]) throws -> QUICTransportParameters {
        var reader = ByteReader(unsafe bytes.span.bytes)
        return try QUICTransportParameters(decoding: &reader)
    }

    @Test func integersBytesAndFlags() throws {
        let parameters = try decode("01 02 6710 04 04 80100000 0c 00 0f 04 01020304 1b 01 00 6ab2 00")
        #expect(parameters.integer(.maxIdleTimeout) == 10_000)
        #expect(parameters.integer(.initialMaxData) == 1_048_576)
        #expect(parameters[.disableActiveMigration] == .present)
        #expect(parameters[.initialSourceConnectionID] == .bytes([1, 2, 3, 4]))
        #expect(parameters[.greaseQUICBit] == .present)
        #expect(parameters.list.count == 5, "the greased one is left out")
    }

    @Test func versionInformation() throws {
        #expect(
            try decode("11 0c 6b3343cf 6b3343cf 00000001")[.versionInformation]
                == .versions(chosen: .v2, available: [.v2, .v1]))
    }

    @Test(arguments: ["01 01 67", "04 02 25 00", "01 09 00", "01"])
    func brokenLengthsAreRefused(hex: String) {
        #expect(throws: DecodeError.self) { try decode(hex) }
    }

    @Test func damageIsSurvivedAndTheListIsBounded() {
        let many = (0..<300).flatMap { _ -> [UInt8] in [0x0b, 1, 5] }
        #expect((try? decode(many))?.list.count == QUICTransportParameters.capacity)
        var random = SeededRandom(seed: 18)
        let sample = [UInt8](hex: "01026710 0404801000000c000f0401020304 110c6b3343cf6b3343cf00000001")
        for _ in 0..<4000 { _ = try? decode(random.damaged(sample)) }
    }
}
