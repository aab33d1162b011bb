import Foundation
import Testing

@testable import StreamtopCapture

/// Opening a file to write: what may be replaced, what never is, and what a fault leaves behind.
@Suite struct OutputFileTests {
    private func error(_ body: () throws -> OutputFile) -> CaptureError? {
        do {
            _ = try body()
            return nil
        } catch {
            return error as? CaptureError
        }
    }

    private func makePipe(_ path: String) throws {
        try FileManager.default.removeItem(atPath: path)
        try #require(unsafe mkfifo(path, 0o600) == 0)
    }

    private func openReader(_ path: String) -> Int32 { unsafe open(path, O_RDONLY | O_NONBLOCK) }

    private func contents(_ path: String) -> [UInt8]? { FileManager.default.contents(atPath: path).map { [UInt8]($0) } }

    private func mode(_ path: String) -> UInt16? {
        let attributes = try? FileManager.default.attributesOfItem(atPath: path)
        return (attributes?[.posixPermissions] as? NSNumber)?.uint16Value
    }

    @Test func aNewFileIsItsOwnersAlone() throws {
        let position = try TemporaryFile()
        try FileManager.default.removeItem(atPath: position.path)
        let file = try OutputFile(path: position.path)
        try file.write([1, 2, 3])
        try file.finish()
        #expect(contents(position.path) == [1, 2, 3])
        #expect(mode(position.path) == 0o600)
    }

    @Test func whatIsThereIsKeptUnlessReplacingIsAskedFor() throws {
        let position = try TemporaryFile([7, 7, 7, 7])
        try FileManager.default.setAttributes([.posixPermissions: 0o644], ofItemAtPath: position.path)
        for existing: OutputFile.Existing in [.refuse, .refuseAll] {
            let refused = error { try OutputFile(path: position.path, existing: existing) }
            #expect(refused?.code == .overwriting)
        }
        #expect(contents(position.path) == [7, 7, 7, 7])
        let file = try OutputFile(path: position.path, existing: .replace)
        try file.write([1])
        try file.finish()
        #expect(contents(position.path) == [1])
        #expect(mode(position.path) == 0o600)
    }

    /// By its name, by another spelling, through a hard link and through a symbolic link.
    @Test(arguments: [OutputFile.Existing.refuse, .refuseAll, .replace, .rename])
    func aProtectedFileIsNeverTouched(_ existing: OutputFile.Existing) throws {
        let input = try TemporaryFile([9, 9])
        let folder = URL(fileURLWithPath: input.path).deletingLastPathComponent().path
        let name = URL(fileURLWithPath: input.path).lastPathComponent
        let hard = input.path + ".hard"
        let soft = input.path + ".soft"
        try FileManager.default.linkItem(atPath: input.path, toPath: hard)
        try FileManager.default.createSymbolicLink(atPath: soft, withDestinationPath: input.path)
        defer { for path in [hard, soft] { try? FileManager.default.removeItem(atPath: path) } }
        let protected = try [#require(ProtectedFile(FileIdentity(path: input.path), role: "the capture that is read"))]
        for path in [input.path, "\(folder)/./\(name)", hard, soft] {
            let refused = error { try OutputFile(path: path, existing: existing, protected: { protected }) }
            #expect(refused?.code == .overwriting)
            #expect(refused?.message.contains("would overwrite the capture that is read") == true, "\(path)")
            #expect(contents(input.path) == [9, 9])
            #expect(FileIdentity(path: path) == FileIdentity(path: input.path))
        }
    }

    /// A key log that is still to come, and would be this file.
    @Test func aFileThatOnlyTheOpeningCreatesIsProtectedToo() throws {
        let position = try TemporaryFile()
        try FileManager.default.removeItem(atPath: position.path)
        let refused = error {
            try OutputFile(
                path: position.path,
                protected: { [ProtectedFile(FileIdentity(path: position.path), role: "the key log")].compactMap { $0 } }
            )
        }
        #expect(refused?.message.contains("the key log") == true)
        #expect(contents(position.path) == nil)
    }

    @Test func linksAreFollowedOnlyToReplace() throws {
        let target = try TemporaryFile([5])
        let link = target.path + ".link"
        try FileManager.default.createSymbolicLink(atPath: link, withDestinationPath: target.path)
        defer { try? FileManager.default.removeItem(atPath: link) }
        #expect(error { try OutputFile(path: link, existing: .refuseAll) }?.code == .overwriting)
        try FileManager.default.removeItem(atPath: target.path)
        #expect(error { try OutputFile(path: link, existing: .refuseAll) }?.code == .overwriting, "a link to nothing")
        #expect(contents(target.path) == nil)
        try target.write([5])
        // A new file takes the link's name; what the link led to stays.
        let file = try OutputFile(path: link, existing: .rename)
        try file.write([1])
        try file.finish()
        #expect(contents(target.path) == [5])
        #expect(contents(link) == [1])
    }

    @Test func devicesAndPipesHoldNothingToLose() throws {
        let null = try OutputFile(path: "/dev/null")
        try null.write([1, 2])
        try null.finish()
        let position = try TemporaryFile()
        try makePipe(position.path)
        #expect(error { try OutputFile(path: position.path) }?.message.contains("nobody reads this pipe") == true)
    }

    @Test func aFolderIsNoFile() throws {
        #expect(error { try OutputFile(path: "/tmp") }?.code == .overwriting)
        #expect(error { try OutputFile(path: "/tmp", existing: .replace) }?.code == .writing)
        #expect(error { try OutputFile(path: "/no/such/folder/x") }?.code == .writing)
    }

    /// A reader that stands still is waited for, but not by a program that is to end.
    @Test func aReaderThatStandsStillIsGivenUpAtTheEnd() throws {
        let position = try TemporaryFile()
        try makePipe(position.path)
        let reader = openReader(position.path)
        defer { close(reader) }
        let file = try OutputFile(path: position.path, isStopping: { true })
        let start = ContinuousClock.now
        #expect(throws: OutputFile.Fault.stuck) { try file.write([UInt8](repeating: 0, count: 1 << 20)) }
        #expect(ContinuousClock.now - start < .seconds(10))
        #expect(file.position > 0)
    }

    @Test func aReaderThatHasGoneIsAFault() throws {
        let position = try TemporaryFile()
        try makePipe(position.path)
        _ = signal(SIGPIPE, SIG_IGN)
        let reader = openReader(position.path)
        let file = try OutputFile(path: position.path)
        close(reader)
        #expect(throws: OutputFile.Fault.closedPipe) { try file.write([1]) }
    }
}
