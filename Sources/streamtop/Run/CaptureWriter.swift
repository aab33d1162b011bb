import StreamtopBase
import StreamtopCapture
import StreamtopEngine

/// `-w`: a pcapng file of what is captured.
struct CaptureWriter {
    init(path: String, settings: Settings) throws(ProgramFailure) {}
    mutating func append(_ batch: borrowing FrameBatch, linkTypes: [LinkType]) throws(ProgramFailure) {}
    mutating func finish(drops: CaptureDrops) throws(ProgramFailure) {}
}

/// The packets of one flow, written beside the analysis.
struct FlowRecorder {
    var packets: UInt64 = 0
    init(match: FlowMatch, path: String) throws(ProgramFailure) {}
    mutating func append(_ batch: borrowing FrameBatch, interfaces: [InterfaceFacts]) throws(ProgramFailure) {}
    mutating func finish() throws(ProgramFailure) {}
}

enum HostAddresses {
    static var current: Set<IPAddress> { [] }
}
