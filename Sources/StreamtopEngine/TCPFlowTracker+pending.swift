import StreamtopBase
import StreamtopModel
import StreamtopWire

struct TCPFlowTracker {
    init(start: Timestamp) {}
    var state: FlowState { .open }
    mutating func observe(
        _ frame: borrowing DecodedFrame, direction: Direction, at time: Timestamp, events: inout [FlowEvent.Kind]
    ) {}
    mutating func observeTooBig(
        mtu: UInt32, quotedSequence: UInt32?, direction: Direction, at time: Timestamp,
        events: inout [FlowEvent.Kind]
    ) {}
    mutating func flipDirections() {}
    func isNewConnection(_ frame: borrowing DecodedFrame, direction: Direction) -> Bool { false }
    mutating func sample(at time: Timestamp, into sample: inout FlowSample) {}
}
struct FragmentAssembler {}
enum CommunityID {
    static func text(
        source: Endpoint, destination: Endpoint, transport: UInt8, icmpType: UInt8, icmpCode: UInt8
    ) -> String { "1:" }
}
extension FlowEngine {
    func fillTCP(_ flow: inout FlowSnapshot, _ entry: borrowing FlowEntry, at time: Timestamp) {}
}
