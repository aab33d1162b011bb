import Foundation
import StreamtopBase

@testable import StreamtopCapture

/// A file that is gone when the test is over.
final class TemporaryFile {
    let path: String

    init(_ bytes: [UInt8] = [], suffix: String = "pcap") throws {
        path = FileManager.default.temporaryDirectory.appendingPathComponent("\(UUID().uuidString).\(suffix)").path
        try write(bytes)
    }

    func write(_ bytes: [UInt8]) throws { try Data(bytes).write(to: URL(fileURLWithPath: path)) }

    func append(_ bytes: [UInt8]) throws {
        let handle = try FileHandle(forWritingTo: URL(fileURLWithPath: path))
        try handle.seekToEnd()
        try handle.write(contentsOf: Data(bytes))
        try handle.close()
    }

    deinit { try? FileManager.default.removeItem(atPath: path) }
}

/// A frame as a value, for comparing.
struct ReadFrame: Equatable {
    var nanoseconds: Int64
    var bytes: [UInt8]
    var wire: Int
    var link: UInt32
    var interface: UInt32
}

/// Everything a source gives until it ends or fails.
struct Reading {
    var frames: [ReadFrame] = []
    var secrets: [CapturedSecrets] = []
    var facts = SourceFacts()
    var error: CaptureError?
    var idles = 0

    init(_ source: any FrameSource, idleLimit: Int = 1000) {
        var batch = FrameBatch()
        do {
            reading: while true {
                let status = try source.read(into: &batch)
                let before = frames.count
                frames += batch.copies
                secrets += source.takeSecrets().map {
                    CapturedSecrets(kind: $0.kind, bytes: $0.bytes, beforeFrame: before + $0.beforeFrame)
                }
                switch status {
                case .ended: break reading
                case .idle:
                    idles += 1
                    if idles >= idleLimit { break reading }
                case .frames: continue
                }
            }
        } catch {
            self.error = error
        }
        facts = source.facts
    }

    /// Reads `bytes` through a file; `chunk` forces records over the edges of pieces.
    init(_ bytes: [UInt8], chunk: Int = 1 << 20) throws {
        let file = try TemporaryFile(bytes)
        var options = CaptureFileSource.Options()
        options.chunk = chunk
        self.init(try CaptureFileSource(path: file.path, options: options))
    }

    var damageOffset: UInt64? {
        if case .damaged(let offset) = error?.code { offset } else { nil }
    }
}

extension FrameBatch {
    var copies: [ReadFrame] {
        frames.map {
            ReadFrame(
                nanoseconds: $0.time.nanoseconds, bytes: Array(bytes[$0.offset..<($0.offset + $0.capturedLength)]),
                wire: $0.wireLength, link: $0.linkType.rawValue, interface: $0.interface)
        }
    }
}
