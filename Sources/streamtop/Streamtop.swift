import ArgumentParser
import FoundationEssentials
import Glibc
import StreamtopHost
import StreamtopTerminal
import StreamtopView

/// The program: reads the command line, chooses a way to run, and turns every end into an exit status.
@main
struct Streamtop: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "streamtop",
        abstract:
            "Shows where the latency of live streams sits: in which flow, in which buffer, how many milliseconds.",
        discussion: """
            streamtop demo                          the bundled capture, without root or network
            streamtop -i eth0 tcp port 443          live (needs cap_net_raw)
            streamtop -r capture.pcapng             a file, replayed at its own speed
            streamtop --json -r capture.pcapng      records for scripts
            ssh host tcpdump -w - | streamtop -r -  another machine, live

            Exit status: 0 done, 1 failure, 2 usage, 3 interface or permission, 4 capture file, 5 filter, configuration \
            or theme.
            """)

    @OptionGroup var options: Options

    static func main() {
        StandardDescriptors.fill()
        // Started by ourselves, before any word of the command line is read.
        if CommandLine.arguments.dropFirst() == [OwnerFinder.argument], !Privileges.isSetuid {
            return OwnerFinder.run()
        }
        Privileges.lower()
        let status: ExitStatus
        do {
            let command = try parse()
            status = try run(command.options)
        } catch let failure as ProgramFailure {
            report("streamtop: \(failure.message)\n", to: 2)
            status = failure.status
        } catch {
            // The parser's own ends: help is an answer, the rest is wrong usage.
            let isAnswer = exitCode(for: error) == .success
            report(isAnswer ? fullMessage(for: error) + "\n" : complaint(error), to: isAnswer ? 1 : 2)
            status = isAnswer ? .done : .usage
        }
        Glibc.exit(status.rawValue)
    }

    private static func run(_ options: Options) throws(ProgramFailure) -> ExitStatus {
        let environment = ProcessInfo.processInfo.environment
        if options.version {
            report("streamtop \(Version.text)\n", to: 1)
            return .done
        }
        if options.printKeys {
            report(KeyList.text, to: 1)
            return .done
        }
        let configPath = options.config ?? ConfigFile.defaultPath(environment: environment)
        let config = try configPath.map { path throws(ProgramFailure) in
            try ConfigFile.read(path: path, isRequired: options.config != nil)
        }
        let settings = try Settings(options: options, config: config ?? ConfigFile(), environment: environment)
        if options.printConfig {
            report(settings.configText, to: 1)
            return .done
        }
        if options.listThemes {
            report(ThemeShelf(configPath: configPath).text, to: 1)
            return .done
        }
        if options.listsInterfaces { return try InterfaceReport.print(json: options.json) }
        if settings.isJSON { return try RunJSON.run(settings) }
        if settings.writeFile == "-", isatty(STDOUT_FILENO) != 0 {
            throw ProgramFailure(
                .usage, "-w - writes to standard output, which is a terminal: name a file, or use a pipe")
        }
        if isatty(STDOUT_FILENO) == 0 { return try RunText.run(settings) }
        return try RunInteractive.run(settings, environment: environment)
    }

    private static func complaint(_ error: any Error) -> String {
        "streamtop: \(message(for: error))\nTry streamtop --help.\n"
    }

    private static func report(_ text: String, to descriptor: Int32) {
        // A closed pipe must not end the program by a signal: the exit status counts.
        TerminalSignals.install()
        var output = OutputBuffer(descriptor: descriptor)
        output.append(text)
        try? output.flush()
    }
}
