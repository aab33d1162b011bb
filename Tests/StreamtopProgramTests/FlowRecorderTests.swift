import Foundation
import StreamtopBase
import StreamtopCapture
import StreamtopModel
import Testing

@testable import streamtop

/// Names of files that the key `w` writes.
@Suite struct FlowRecorderTests {
    /// A file and a link stand in the way; neither is touched, and the next free name is taken.
    @Test func nothingIsOverwrittenAndNoLinkFollowed() throws {
        let folder = FileManager.default.temporaryDirectory.appendingPathComponent("streamtop-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: false)
        defer { try? FileManager.default.removeItem(at: folder) }
        let taken = folder.path + "/streamtop-f1-20261128T200000.pcapng"
        let victim = folder.path + "/victim"
        try Data([1]).write(to: URL(fileURLWithPath: taken))
        try Data([2]).write(to: URL(fileURLWithPath: victim))
        try FileManager.default.createSymbolicLink(
            atPath: folder.path + "/streamtop-f1-20261128T200000-2.pcapng", withDestinationPath: victim)
        let (file, name) = try FlowRecorder.create(taken)
        try file.write([3])
        try file.finish()
        #expect(name == folder.path + "/streamtop-f1-20261128T200000-3.pcapng")
        #expect(FileManager.default.contents(atPath: taken) == Data([1]))
        #expect(FileManager.default.contents(atPath: victim) == Data([2]))
        #expect(FileManager.default.contents(atPath: name) == Data([3]))
        let attributes = try FileManager.default.attributesOfItem(atPath: name)
        #expect(attributes[.posixPermissions] as? Int == 0o600)
    }

    @Test func theNameHasTheTimeInUTC() {
        let name = FlowFileName.name(
            of: FlowIdentifier(number: 12), at: Timestamp(seconds: 1_795_896_301, nanoseconds: 5))
        #expect(name == "streamtop-f12-20261128T200501.pcapng")
    }
}
