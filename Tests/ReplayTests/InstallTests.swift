import Foundation
import Testing

/// `make install PREFIX=`, and the program run from there: it finds what came with it from any folder.
@Suite struct InstallTests {
    /// The root of the package.
    private var package: URL {
        URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
            .deletingLastPathComponent()
    }

    /// A script that begins in `folder`; what it says on either output.
    private func shell(_ script: String, _ arguments: [String], in folder: URL) throws -> (status: Int32, text: String)
    {
        let outcome = try Shell.run("cd '\(folder.path)' && { \(script); } 2>&1", arguments)
        return (outcome.status, outcome.output)
    }

    @Test(.enabled(if: FileManager.default.isExecutableFile(atPath: "/usr/bin/make"), "needs make"))
    func installedProgramFindsItsThemesAndItsDemo() throws {
        let folder = try TemporaryFolder()
        // The program under test stands in for a release build, which `make check-install` looks at.
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
        // What others put there stays.
        let mine = folder.url.path + "/share/streamtop/themes/mine.toml"
        try Data(contentsOf: URL(fileURLWithPath: folder.url.path + "/share/streamtop/themes/mono.toml"))
            .write(to: URL(fileURLWithPath: mine))
        let removed = try shell(#"make -s uninstall PREFIX="$1""#, [folder.url.path], in: package)
        #expect(removed.status == 0, "\(removed.text)")
        let left = FileManager.default.enumerator(atPath: folder.url.path)?.compactMap { $0 as? String } ?? []
        #expect(left.filter { $0.contains(".") } == ["share/streamtop/themes/mine.toml"])
        try FileManager.default.removeItem(atPath: mine)
        #expect(try shell(#"make -s uninstall PREFIX="$1""#, [folder.url.path], in: package).status == 0)
        #expect(FileManager.default.subpaths(atPath: folder.url.path)?.contains { $0.hasPrefix("share/") } == false)

        // Alone, without what was installed beside it, it says where it looked.
        let again = try shell(
            #"make -s -o build install PREFIX="$1" RELEASE="$2""#, [folder.url.path, Program.path], in: package)
        #expect(again.status == 0)
        try FileManager.default.removeItem(at: folder.url.appendingPathComponent("share"))
        let bare = try shell(#""$1" demo"#, [program], in: elsewhere)
        #expect(bare.status == 1)
        #expect(bare.text.contains("\(folder.url.path)/share/streamtop"))
    }
}
