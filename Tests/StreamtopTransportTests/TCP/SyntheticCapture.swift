import Foundation
import StreamtopBase
import StreamtopModel
import StreamtopTestSupport
import StreamtopTransport
import StreamtopWire

/// A capture of Tests/Fixtures/tcp-synthetic (pcap, raw IPv4, microseconds), read with a few lines of the test's own.
struct SyntheticCapture {
    struct Unreadable: Error {}
    private let bytes: [UInt8]

    init(_ name: String, file: String = #filePath) throws {
        let folder = URL(fileURLWithPath: file).deletingLastPathComponent().deletingLastPathComponent()
            .deletingLastPathComponent()
        bytes = [UInt8](try Data(contentsOf: folder.appending(path: "Fixtures/tcp-synthetic/\(name).pcap")))
        guard bytes.count > 24 else { throw Unreadable() }
    }

    private func little(_ offset: Int) -> Int {
        (0..<4).reduce(0) { $0 | Int(bytes[offset + $1]) << (8 * $1) }
    }

    func report() throws -> TCPReport {
        var tracker: TCPFlowTracker?
        var client = 0
        var events: [FlowEvent.Kind] = []
        var last = Timestamp(nanoseconds: 0)
        var offset = 24
        while offset + 16 <= bytes.count {
            let time = Timestamp(nanoseconds: Int64(little(offset)) * 1_000_000_000 + Int64(little(offset + 4)) * 1000)
            let packet = offset + 16
            let length = little(offset + 8)
            let frame = FrameDecoder().decoded(Array(bytes[packet..<packet + length]), linkType: .rawIP)
            if tracker == nil {
                tracker = TCPFlowTracker(start: time)
                client = Int(frame.tcp.sourcePort)
            }
            let direction: Direction = Int(frame.tcp.sourcePort) == client ? .fromClient : .fromServer
            tracker?.observe(frame, direction: direction, at: time, events: &events)
            last = time
            offset = packet + length
        }
        guard let tracker else { throw Unreadable() }
        return tracker.report(at: last)
    }
}
