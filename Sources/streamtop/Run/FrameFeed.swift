import Foundation
import StreamtopBase
import StreamtopCapture
import StreamtopEngine
import StreamtopModel

/// Where an analysis gets its frames: interfaces or files, opened as the settings say.
struct FrameFeed {
    private var files: [ProvisionalPcapFile]

    init(_ settings: Settings) throws(ProgramFailure) {
        let paths: [String]
        switch settings.input {
        case .files(let names): paths = names
        case .demo: paths = [try SharedFiles.demoCapture()]
        case .interfaces: throw ProgramFailure(.interface, "live capture is not there yet")
        }
        files = []
        for path in paths { files.append(try ProvisionalPcapFile(path)) }
    }

    mutating func next(into batch: inout FrameBatch) throws(ProgramFailure) -> SourceStatus {
        files[0].next(into: &batch)
    }

    var linkTypes: [LinkType] { [.ethernet] }
    var snapLength: Int? { nil }
    var drops: CaptureDrops { CaptureDrops() }
    var trouble: String? { nil }
}

struct ProvisionalPcapFile {
    var bytes: [UInt8]
    var place = 24
    init(_ path: String) throws(ProgramFailure) {
        guard let data = FileManager.default.contents(atPath: path) else {
            throw ProgramFailure(.file, "\(path): no such file")
        }
        bytes = Array(data)
    }
    func number(_ at: Int) -> Int { (0..<4).reduce(0) { $0 | Int(bytes[at + $1]) << (8 * $1) } }
    mutating func next(into batch: inout FrameBatch) -> SourceStatus {
        batch.removeAll()
        batch.bytes = bytes
        while place + 16 <= bytes.count, batch.frames.count < 512 {
            let kept = number(place + 8)
            guard place + 16 + kept <= bytes.count else { break }
            batch.frames.append(
                FrameRecord(
                    time: Timestamp(
                        seconds: Int64(number(place)), nanoseconds: Int64(number(place + 4)) * 1000),
                    offset: place + 16, capturedLength: kept, wireLength: number(place + 12), linkType: .ethernet,
                    interface: 0))
            place += 16 + kept
        }
        return batch.frames.isEmpty ? .ended : .frames
    }
}
