import Foundation
import StreamtopBase
import StreamtopCapture
import StreamtopEngine
import StreamtopExport
import StreamtopModel

/// One file in memory, written anew for each input.
private let path = NSTemporaryDirectory() + "streamtop-fuzz-\(getpid()).pcap"

func fuzzFile(_ bytes: [UInt8]) {
    guard FileManager.default.createFile(atPath: path, contents: Data(bytes)) else { return }
    var options = EngineOptions()
    options.limits.flows = 256
    options.sampleInterval = .seconds(1)
    options.keepsSeries = bytes.count & 1 == 0
    var engine = EngineGroup(options: options)
    var batch = FrameBatch()
    if let source = try? CaptureFileSource(path: path) {
        while let status = try? source.read(into: &batch), status == .frames {
            engine.ingest(batch)
            engine.drainOutputs { _ in }
        }
    }
    engine.finish()
    var exporter = JSONLinesExporter()
    var records = RecordBuffer()
    engine.forEachFinalFlow { exporter.appendFlow($0, to: &records) }
    let isText = unsafe records.bytes.withUnsafeBytes { unsafe String(validating: $0, as: UTF8.self) != nil }
    precondition(isText, "output is not UTF-8")
    _ = engine.snapshot()
}
