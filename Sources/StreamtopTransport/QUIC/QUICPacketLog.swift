import StreamtopBase
import StreamtopModel
import StreamtopWire

/// The opened packets of a connection one by one, for who asked for them (`QUICScratch.packetRoom`).
struct QUICPacketLog: Sendable {
    /// Ranges kept of one acknowledgment; more are rare and old news.
    static let rangeCapacity = 64

    private(set) var packets: [QUICPacketRecord] = []
    /// Packets for which there was no room.
    private(set) var refused = 0

    init() {}

    mutating func append(_ packet: QUICPacketRecord, remaining: inout Int) {
        guard remaining > 0 else {
            refused += 1
            return
        }
        remaining -= 1
        packets.append(packet)
    }

    /// `exponent`: by which the sender shifts the delays in its acknowledgments.
    static func record(_ frame: QUICFrame, in payload: RawSpan, exponent: UInt64) -> QUICFrameRecord {
        switch frame {
        case .padding(let count): .padding(count: count)
        case .ping: .ping
        case .ack(let ack): acknowledgment(ack, in: payload, exponent: exponent)
        case .resetStream(let stream, let code, let size): .resetStream(stream: stream, code: code, size: size)
        case .stopSending(let stream, let code): .stopSending(stream: stream, code: code)
        case .crypto(let offset, let data): .crypto(offset: offset, length: data.count)
        case .newToken(let data): .newToken(length: data.count)
        case .stream(let identifier, let offset, let data, let isLast):
            .stream(identifier, offset: offset, length: data.count, isLast: isLast)
        case .maxData(let maximum): .maxData(maximum)
        case .maxStreamData(let stream, let maximum): .maxStreamData(stream: stream, maximum)
        case .maxStreams(let isBidirectional, let maximum): .maxStreams(isBidirectional: isBidirectional, maximum)
        case .dataBlocked(let limit): .dataBlocked(limit: limit)
        case .streamDataBlocked(let stream, let limit): .streamDataBlocked(stream: stream, limit: limit)
        case .streamsBlocked(let isBidirectional, let limit):
            .streamsBlocked(isBidirectional: isBidirectional, limit: limit)
        case .newConnectionID(let sequence, let retire, let identifier, _):
            .newConnectionID(sequence: sequence, retirePriorTo: retire, identifier: identifier.description)
        case .retireConnectionID(let sequence): .retireConnectionID(sequence: sequence)
        case .pathChallenge: .pathChallenge
        case .pathResponse: .pathResponse
        case .connectionClose(let code, let isApplication, _):
            .connectionClose(code: code, isApplication: isApplication)
        case .handshakeDone: .handshakeDone
        case .datagram(let data): .datagram(length: data.count)
        case .ackFrequency: .other(type: 0xaf)
        case .immediateAck: .other(type: 0x1f)
        }
    }

    private static func acknowledgment(
        _ ack: QUICAckFrame, in payload: RawSpan, exponent: UInt64
    ) -> QUICFrameRecord {
        var reader = ByteReader(payload)
        reader.skip(ack.rangesOffset)
        var walk = QUICAckRanges(ack)
        var ranges: [ClosedRange<UInt64>] = []
        while ranges.count < rangeCapacity, let range = walk.next(&reader) {  // as many passes as there are ranges
            ranges.append(range.low...range.high)  // low never exceeds high
        }
        // At most 2^30 shifted by 20 bits, in microseconds: below 2^60 nanoseconds.
        let delay = Int64(min(ack.delay, 1 << 30) << min(20, exponent)) * 1_000
        return .ack(ranges: ranges, delay: delay)
    }
}
