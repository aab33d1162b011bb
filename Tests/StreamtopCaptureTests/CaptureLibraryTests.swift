import Foundation
import StreamtopBase
import Testing

@testable import StreamtopCapture

private let libraryFolder = ProcessInfo.processInfo.environment["STREAMTOP_CAPTURE_LIBRARY"]

/// Every capture of a folder given by STREAMTOP_CAPTURE_LIBRARY, against what capinfos counts in it.
@Suite(.enabled(if: libraryFolder != nil, "STREAMTOP_CAPTURE_LIBRARY names no folder of captures"))
struct CaptureLibraryTests {
    @Test func everyFileIsReadToItsEndOrItsDamage() throws {
        let folder = try #require(libraryFolder)
        for name in try FileManager.default.subpathsOfDirectory(atPath: folder).sorted() {
            let path = folder + "/" + name
            let attributes = try FileManager.default.attributesOfItem(atPath: path)
            guard attributes[.type] as? FileAttributeType == .typeRegular else { continue }
            let reading = Reading(try CaptureFileSource(path: path))
            let captured = reading.frames.reduce(0) { $0 + $1.bytes.count }
            let wire = reading.frames.reduce(0) { $0 + $1.wire }
            let links = reading.facts.linkTypes.map { String($0.rawValue) }.joined(separator: ",")
            print(
                "LIBRARY\t\(name)\t\(reading.frames.count)\t\(wire)\t\(captured)\t\(links)\t\(reading.error == nil ? 0 : 4)"
            )
        }
    }
}
