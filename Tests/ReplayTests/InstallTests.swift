import Foundation
import Testing

/// `make install PREFIX=`, and the program run from there: it finds what came with it from any folder.
@Suite struct InstallTests {
    /// The root of the package.
    private var package: URL {
        URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
            .deletingLastPathComponent()
    }

    private func shell(_ script: String, _ arguments: [String], in folder: URL) throws -> (status: Int32, text: String)
    {
        let process = Process()
        process.executableURL = URL(fileURLWithPath: "/bin/sh")
        process.arguments = ["-c", script, "sh"] + arguments
        process.currentDirectoryURL = folder
        process.environment = Program.base
        let pipe = Pipe()
        process.standardOutput = pipe
        process.standardError = pipe
        try process.run()
        let text = String(decoding: pipe.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
        process.waitUntilExit()
        return (process.terminationStatus, text)
    }

    @Test(.enabled(if: FileManager.default.isExecutableFile(atPath: "/usr/bin/make"), "needs make"))
    func installedProgramFindsItsThemesAndItsDemo() throws {
        let folder = try TemporaryFolder()
        // The program under test stands in for a release build.
        let made = try shell(
            #"make -s -o build install PREFIX="$1" RELEASE="$2""#, [folder.url.path, Program.path], in: package)
        #expect(made.status == 0, "\(made.text)")
        #expect(made.text.contains("sudo setcap cap_net_raw,cap_net_admin+eip \(folder.url.path)/bin/streamtop"))

        let program = folder.url.path + "/bin/streamtop"
        let elsewhere = URL(fileURLWithPath: "/")
        let themes = try shell(#""$1" --list-themes"#, [program], in: elsewhere)
        #expect(themes.status == 0)
        let files = try FileManager.default.contentsOfDirectory(
            atPath: package.appendingPathComponent("Themes").path)
        #expect(files.count >= 6)
        for file in files where file.hasSuffix(".toml") {
            #expect(themes.text.contains("\n\(file.dropLast(5)) ") || themes.text.hasPrefix("\(file.dropLast(5)) "))
        }
        let demo = try shell(#""$1" demo"#, [program], in: elsewhere)
        #expect(demo.status == 0)
        #expect(demo.text.contains("203.0.113.7:51544"))
        // Alone, without what was installed beside it, it says where it looked.
        try FileManager.default.removeItem(at: folder.url.appendingPathComponent("share"))
        let bare = try shell(#""$1" demo"#, [program], in: elsewhere)
        #expect(bare.status == 1)
        #expect(bare.text.contains("\(folder.url.path)/share/streamtop"))
    }
}
