import StreamtopBase
import StreamtopModel
import StreamtopWire

/// Picks the packets of one flow out of a capture: both endpoints, the transport and the VLAN must be the flow's.
struct FlowMatch: Equatable, Sendable {
    private var one: Endpoint
    private var other: Endpoint
    private var transport: FlowTransport
    private var vlan: UInt16

    init(_ flow: FlowSnapshot) {
        one = flow.client.endpoint
        other = flow.server.endpoint
        transport = flow.transport
        vlan = flow.vlan ?? FlowKey.noVLAN
    }

    /// Moves the flow's frames of `batch` into `selection`, which shares the bytes.
    func select(from batch: borrowing FrameBatch, into selection: inout FrameBatch) {
        selection.removeAll()
        selection.bytes = batch.bytes
        let decoder = FrameDecoder()
        var frame = DecodedFrame()
        let bytes = unsafe batch.bytes.span.bytes  // UInt8 has no padding
        for index in batch.frames.indices {
            let record = batch.frames[index]
            let end = record.offset + record.capturedLength
            guard record.offset >= 0, record.capturedLength >= 0, end <= bytes.byteCount else { continue }
            decoder.decode(
                bytes.extracting(record.offset..<end), wireLength: max(record.wireLength, record.capturedLength),
                linkType: record.linkType, into: &frame)
            if matches(frame) { selection.frames.append(record) }
        }
    }

    private func carries(_ number: UInt8) -> Bool {
        switch transport {
        case .tcp: number == 6
        case .udp: number == 17
        case .sctp: number == 132
        case .icmp: number == 1 || number == 58
        }
    }

    private func matches(_ frame: borrowing DecodedFrame) -> Bool {
        guard frame.hasNetwork, frame.vlan == vlan else { return false }
        let source = frame.sourceEndpoint
        let destination = frame.destinationEndpoint
        if let fragment = frame.fragment, fragment.offset > 0 {
            // Later fragments have no ports: all between the two hosts come along, so that no datagram lacks a part.
            let isBetween =
                source.address == one.address && destination.address == other.address
                || source.address == other.address && destination.address == one.address
            return isBetween && carries(fragment.protocolNumber)
        }
        guard (source == one && destination == other) || (source == other && destination == one) else { return false }
        switch transport {
        case .tcp: return frame.transport == .tcp
        case .udp: return frame.transport == .udp
        case .sctp: return frame.transport == .sctp
        case .icmp: return frame.transport == .icmp
        }
    }
}
