import StreamtopBase
import StreamtopTestSupport
import StreamtopWire
import Testing

/// Options of a TCP segment, and headers before it whose length is counted in units of their own.
@Suite("TCP options") struct TCPOptionsTests {
    private let decoder = FrameDecoder()

    @Test("RFC 2018 section 3: one to four SACK blocks", arguments: 1...4)
    func selectiveBlocks(count: Int) {
        let all: [(UInt32, UInt32)] = [(10, 20), (110, 120), (210, 220), (310, 320)]
        let blocks = Array(all.prefix(count))
        let frame = decoder.decoded(
            PacketBuilder.tcpFrame(from: "10.0.0.1:1", to: "10.0.0.2:2", options: [.sack(blocks)]))
        let options = frame.tcp.options
        #expect(frame.stop == nil && Int(options.sackCount) == count && !options.malformed)
        let decoded: [SACKBlock] = [options.sack0, options.sack1, options.sack2, options.sack3]
        for (block, expected) in zip(decoded, blocks) {
            #expect(block.start == expected.0 && block.end == expected.1)
        }
    }

    @Test("RFC 7323 beside RFC 2018: timestamps leave room for three blocks")
    func blocksBesideTimestamps() {
        let frame = decoder.decoded(
            PacketBuilder.tcpFrame(
                from: "10.0.0.1:1", to: "10.0.0.2:2", options: [.timestamps(7, 6), .sack([(1, 2), (5, 9), (11, 12)])]))
        #expect(frame.tcp.options.timestampValue == 7)
        #expect(frame.tcp.options.sackCount == 3)
        #expect(frame.tcp.options.sack2.start == 11)
    }

    /// Of 12 fixed bytes and an ICV of 12 bytes the field says 4: in words of 32 bits, less 2, also in IPv6.
    @Test("RFC 4302 section 2.2: the length of an authentication header", arguments: [false, true])
    func authenticationHeader(isIPv6: Bool) {
        let client: Endpoint = isIPv6 ? "[2001:db8::1]:40000" : "10.0.0.1:40000"
        let server: Endpoint = isIPv6 ? "[2001:db8::2]:443" : "10.0.0.2:443"
        let segment = PacketBuilder.tcp(from: 40_000, to: 443, sequence: 77, [1, 2, 3])
        let header = [UInt8(6), 4, 0, 0] + bytes32(1) + bytes32(2) + [UInt8](repeating: 0xa5, count: 12)
        let frame = decoder.decoded(
            PacketBuilder.ethernet(
                isIPv6: isIPv6,
                PacketBuilder.ip(from: client.address, to: server.address, protocol: 51, header + segment)))
        #expect(frame.stop == nil)
        #expect(frame.transport == .tcp && frame.sourceEndpoint == client && frame.destinationEndpoint == server)
        #expect(frame.tcp.sequence == 77 && frame.payloadLength == 3)
    }
}
