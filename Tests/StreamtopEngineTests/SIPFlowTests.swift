import StreamtopBase
import StreamtopEngine
import StreamtopModel
import StreamtopTestSupport
import Testing

/// SIP names calls, and says what their media are (RFC 3261, RFC 4568).
@Suite struct SIPFlowTests {
    private static let caller: Endpoint = "10.0.0.1:5060"
    private static let callee: Endpoint = "10.0.0.2:5060"

    private static func description(_ address: String, _ lines: String) -> String {
        "v=0\r\no=x 1 1 IN IP4 \(address)\r\ns=-\r\nc=IN IP4 \(address)\r\nt=0 0\r\n\(lines)\r\n"
    }

    private static func message(_ start: String, _ method: String, body: String = "") -> [UInt8] {
        Array(
            "\(start)\r\nCall-ID: one@10.0.0.1\r\nCSeq: 1 \(method)\r\nContent-Type: application/sdp\r\nContent-Length: \(body.utf8.count)\r\n\r\n\(body)"
                .utf8)
    }

    private func invite(_ driver: inout EngineDriver, offer: String, answer: String) {
        driver.send(
            PacketBuilder.udpFrame(
                from: Self.caller, to: Self.callee,
                payload: Self.message("INVITE sip:b@10.0.0.2 SIP/2.0", "INVITE", body: offer)))
        driver.send(
            PacketBuilder.udpFrame(
                from: Self.callee, to: Self.caller, payload: Self.message("SIP/2.0 180 Ringing", "INVITE")),
            after: .milliseconds(100))
        driver.send(
            PacketBuilder.udpFrame(
                from: Self.callee, to: Self.caller, payload: Self.message("SIP/2.0 200 OK", "INVITE", body: answer)),
            after: .seconds(1))
    }

    private func talk(_ driver: inout EngineDriver, seconds: Int, callee: Bool, payloadType: UInt8 = 96) {
        for number in 0..<(seconds * 50) {
            var packet = RTPPacketBuilder()
            packet.payloadType = payloadType
            packet.sequence = UInt16(number)
            packet.timestamp = UInt32(number * 160)
            packet.payload = [UInt8](repeating: UInt8(truncatingIfNeeded: number), count: 160)
            driver.send(
                PacketBuilder.udpFrame(from: "10.0.0.1:7000", to: "10.0.0.2:8000", payload: packet.bytes),
                after: .milliseconds(10))
            guard callee else {
                driver.time = driver.time + .milliseconds(10)
                continue
            }
            packet.source = 99
            driver.send(
                PacketBuilder.udpFrame(from: "10.0.0.2:8000", to: "10.0.0.1:7000", payload: packet.bytes),
                after: .milliseconds(10))
        }
    }

    private func hangUp(_ driver: inout EngineDriver) -> [CallSnapshot] {
        driver.send(
            PacketBuilder.udpFrame(
                from: Self.caller, to: Self.callee, payload: Self.message("BYE sip:b@10.0.0.2 SIP/2.0", "BYE")))
        driver.engine.finish()
        driver.engine.forEachFinalFlow { _ in }
        return driver.engine.finalCalls()
    }

    private static let plain = "m=audio 7000 RTP/AVP 96\r\na=rtpmap:96 opus/48000/2"
    private static let answer = "m=audio 8000 RTP/AVP 96\r\na=rtpmap:96 opus/48000/2"

    @Test func aCallAndItsMedia() throws {
        var driver = EngineDriver()
        invite(
            &driver, offer: Self.description("10.0.0.1", Self.plain), answer: Self.description("10.0.0.2", Self.answer))
        talk(&driver, seconds: 8, callee: true)
        let flows = driver.finalFlows
        let media = try #require(flows.first { !$0.rtp.isEmpty })
        #expect(media.rtp.map(\.codec) == ["opus", "opus"] && media.rtp.map(\.clockRate) == [48_000, 48_000])
        #expect(flows[0].protocols == ["ipv4", "udp", "sip"])
        let call = try #require(hangUp(&driver).first)
        #expect(call.kind == .sip && call.name == "one@10.0.0.1" && call.stage == .media && call.failure == nil)
        #expect(call.signalling.first?.status == 200 && call.signalling.first?.duration == .milliseconds(1_100))
        #expect(call.flows.count == 2 && call.streams.count == 2)
    }

    @Test(arguments: [
        ("both talk", plain, answer, true, 8, CallSnapshot.Failure?.none),
        ("the callee is not heard", plain, answer, false, 8, .oneWayMedia),
        ("it only listens", plain, answer + "\r\na=recvonly", false, 8, nil),
        ("the caller only sends", plain + "\r\na=sendonly", answer, false, 8, nil),
        ("on hold", plain + "\r\na=inactive", answer, false, 8, nil),
        ("short", plain, answer, false, 3, nil),
        ("refused", plain, "m=audio 0 RTP/AVP 96", false, 8, nil),
    ])
    func oneWay(
        _ name: String, _ offer: String, _ answer: String, _ isHeard: Bool, _ seconds: Int,
        _ failure: CallSnapshot.Failure?
    ) throws {
        var driver = EngineDriver()
        invite(&driver, offer: Self.description("10.0.0.1", offer), answer: Self.description("10.0.0.2", answer))
        talk(&driver, seconds: seconds, callee: isHeard)
        let call = try #require(hangUp(&driver).first)
        #expect(call.failure == failure, "\(name)")
        #expect(call.verdicts.map(\.ruleNumber) == (failure == nil ? [] : [88]))
    }

    /// Two packets are no stream, and no silence either: the capture may hold a part of what was sent.
    @Test func aFewPacketsAreNoSilence() throws {
        var driver = EngineDriver()
        invite(
            &driver, offer: Self.description("10.0.0.1", Self.plain), answer: Self.description("10.0.0.2", Self.answer))
        talk(&driver, seconds: 8, callee: false)
        for number in [7, 900] {
            var packet = RTPPacketBuilder()
            packet.payloadType = 96
            packet.source = 99
            packet.sequence = UInt16(number)
            packet.payload = [UInt8](repeating: 1, count: 160)
            driver.send(PacketBuilder.udpFrame(from: "10.0.0.2:8000", to: "10.0.0.1:7000", payload: packet.bytes))
        }
        let call = try #require(hangUp(&driver).first)
        #expect(call.failure == nil)
    }

    /// Signalling over a proxy says nothing of the path of media.
    @Test func silenceElsewhereProvesNothing() throws {
        var driver = EngineDriver()
        invite(
            &driver, offer: Self.description("10.0.0.7", Self.plain), answer: Self.description("10.0.0.8", Self.answer))
        for number in 0..<500 {
            var packet = RTPPacketBuilder()
            packet.sequence = UInt16(number)
            packet.timestamp = UInt32(number * 960)
            driver.send(
                PacketBuilder.udpFrame(from: "10.0.0.7:7000", to: "10.0.0.8:8000", payload: packet.bytes),
                after: .milliseconds(20))
        }
        let call = try #require(hangUp(&driver).first)
        #expect(call.failure == nil)
    }

    /// A media section that says it is protected makes SRTP of its packets, with or without keys.
    @Test func protectedMedia() throws {
        var driver = EngineDriver()
        let key = "a=crypto:1 AES_CM_128_HMAC_SHA1_80 inline:d0RmdmcmVCspeEc3QGZiNWpVLFJhQX1cfHAwJSoj"
        invite(
            &driver,
            offer: Self.description("10.0.0.1", "m=audio 7000 RTP/SAVP 96\r\na=rtpmap:96 opus/48000/2\r\n\(key)"),
            answer: Self.description("10.0.0.2", "m=audio 8000 RTP/SAVP 96\r\na=rtpmap:96 opus/48000/2\r\n\(key)"))
        talk(&driver, seconds: 2, callee: false)
        let media = try #require(driver.finalFlows.first { !$0.rtp.isEmpty })
        #expect(media.protocols == ["ipv4", "udp", "srtp"])
        #expect(media.rtp.first?.isEncrypted == true && media.rtp.first?.codec == "opus")
    }

    /// The same over TCP, in segments that end anywhere.
    @Test(arguments: [7, 100, 1_400]) func overTCP(segment: Int) throws {
        var driver = EngineDriver()
        let offer = Self.message(
            "INVITE sip:b@10.0.0.2 SIP/2.0", "INVITE", body: Self.description("10.0.0.1", Self.plain))
        let bye = Self.message("BYE sip:b@10.0.0.2 SIP/2.0", "BYE")
        driver.send(PacketBuilder.tcpFrame(from: Self.caller, to: Self.callee, sequence: 99, flags: 0x02))
        driver.send(
            PacketBuilder.tcpFrame(from: Self.callee, to: Self.caller, sequence: 499, acknowledgment: 100, flags: 0x12))
        // A message cannot be told before its first line is there.
        let stream = offer + [13, 10, 13, 10] + bye
        var sent = 0
        while sent < stream.count {
            let part = Array(stream[sent..<min(stream.count, sent + max(segment, sent == 0 ? 40 : 0))])
            driver.send(
                PacketBuilder.tcpFrame(
                    from: Self.caller, to: Self.callee, sequence: 100 + UInt32(sent), acknowledgment: 500, flags: 0x18,
                    payload: part))
            sent += part.count
        }
        let sip = try #require(driver.finalFlows.first?.sip)
        #expect(sip.requests == 2 && sip.calls.count == 1 && sip.calls[0].ended != nil)
        #expect(sip.calls[0].media.client.first?.endpoint == "10.0.0.1:7000")
    }
}
