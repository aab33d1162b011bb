import StreamtopBase
import StreamtopEngine
import StreamtopModel
import StreamtopTestSupport
import Testing

/// The calls of a dashboard's picture.
@Suite struct DisplayedCallsTests {
    /// A check (RFC 8445 section 7.2.4), or its success answer.
    private func message(isAnswer: Bool, transaction: UInt8) -> [UInt8] {
        func attribute(_ type: UInt16, _ value: [UInt8]) -> [UInt8] {
            bytes16(type) + bytes16(UInt16(value.count)) + value
                + [UInt8](repeating: 0, count: (4 - value.count % 4) % 4)
        }
        var body: [UInt8] = []
        if isAnswer {
            body = attribute(0x0020, [0, 1] + bytes16(4_000 ^ 0x2112) + bytes32(0x0a00_0001 ^ 0x2112_a442))
        } else {
            body = attribute(0x0006, Array("bbbb:aaaa".utf8)) + attribute(0x802a, [UInt8](repeating: 7, count: 8))
            body += attribute(0x0025, [])
        }
        return bytes16(isAnswer ? 0x0101 : 0x0001) + bytes16(UInt16(body.count)) + bytes32(0x2112_a442)
            + [UInt8](repeating: transaction, count: 12) + body
    }

    private func check(_ driver: inout EngineDriver, transaction: UInt8, after: Nanoseconds, isAnswered: Bool = true) {
        let near = Endpoint(address: IPAddress(v4: 0x0a00_0001), port: 4_000)
        let far = Endpoint(address: IPAddress(v4: 0x0a00_0002), port: 5_000)
        driver.send(
            PacketBuilder.udpFrame(from: near, to: far, payload: message(isAnswer: false, transaction: transaction)),
            after: after)
        guard isAnswered else { return }
        driver.send(
            PacketBuilder.udpFrame(from: far, to: near, payload: message(isAnswer: true, transaction: transaction)),
            after: .milliseconds(40))
    }

    @Test func aPictureHoldsTheCallsThatGoOn() throws {
        var driver = EngineDriver()
        #expect(driver.engine.snapshot().calls.isEmpty)
        check(&driver, transaction: 1, after: .milliseconds(1))
        // They are joined once a second of capture time.
        check(&driver, transaction: 2, after: .seconds(2))
        let call = try #require(driver.engine.snapshot().calls.first)
        #expect(call.pairs.count == 1 && call.stage == .nominated)
        #expect(call.pairs[0].requests == 2 && call.pairs[0].responses == 2)
        // The picture of the end is that of the final record.
        let flows = driver.finalFlows
        #expect(flows.count == 1)
        let last = try #require(driver.engine.finalCalls().first)
        #expect(last.pairs[0].requests == call.pairs[0].requests && last.selected == call.selected)
    }

    @Test func picturesWithinASecondShareTheirCalls() throws {
        var driver = EngineDriver()
        check(&driver, transaction: 1, after: .milliseconds(1))
        _ = driver.engine.snapshot()
        check(&driver, transaction: 2, after: .milliseconds(100))
        let early = driver.engine.snapshot().calls.first?.pairs.first?.requests
        check(&driver, transaction: 3, after: .seconds(2))
        let late = driver.engine.snapshot().calls.first?.pairs.first?.requests
        #expect(early == 1 && late == 3)
    }
}
