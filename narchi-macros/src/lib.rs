//! The macro behind `narchi_runtime::narchi_model!`: reads its arguments, and asks the compiler.

use std::{path::PathBuf, process};

use narchi_codegen::{Argument, Input, Wrapping, codes, compile_with_places, expand};
use proc_macro2::{Span, TokenStream, TokenTree};
use quote::{ToTokens, quote};
use syn::{
    Ident, LitStr, Path, Result, Token, Visibility, braced, bracketed,
    ext::IdentExt,
    parse::{Parse, ParseStream},
    parse_macro_input,
};

/// `$crate, pub Resnet18, "resnet.jsonnet", ext = { num_blocks: [2, 2, 2, 2] }`
struct Arguments {
    runtime: Path,
    visibility: Visibility,
    name: Option<Ident>,
    path: LitStr,
    ext_vars: Vec<Variable>,
    tla: Vec<Variable>,
    allow: Vec<String>,
    weights: Option<LitStr>,
}

/// A name, the code of its value, and where that is written.
struct Variable {
    name: String,
    code: String,
    span: Span,
}

/// Compiles an architecture file to items; see `narchi_runtime::narchi_model!`.
#[proc_macro]
pub fn narchi_model(input: proc_macro::TokenStream) -> proc_macro::TokenStream {
    let arguments = parse_macro_input!(input as Arguments);
    let name = arguments.name.as_ref().map(Ident::to_string);
    let input = Input {
        path: locate(&arguments.path),
        ext_vars: given(&arguments.ext_vars),
        tla: given(&arguments.tla),
        jpath: Vec::new(),
        weights: arguments.weights.as_ref().map(locate),
    };
    let visibility = match arguments.visibility {
        Visibility::Inherited => quote!(),
        other => other.into_token_stream(),
    };
    let runtime = arguments.runtime.into_token_stream();
    let wrapping = Wrapping {
        type_name: name.as_deref(),
        visibility,
        runtime,
        is_macro: true,
    };
    let compilation = compile_with_places(&input).allow(&arguments.allow);
    if let Some(report) = compilation.unstoppable() {
        // The evaluation would take the whole machine's memory for as long as the compiler runs.
        eprintln!("{report}");
        process::exit(101);
    }
    let items = expand(&compilation, &wrapping);
    let wrong = compilation.wrong_ext_var();
    let wrong = arguments
        .ext_vars
        .iter()
        .find(|it| Some(it.name.as_str()) == wrong);
    let path = match &arguments.weights {
        Some(weights) if compilation.is_about_weights() => weights,
        _ => &arguments.path,
    };
    at(items, wrong.map_or(path.span(), |it| it.span)).into()
}

/// The path, relative to the file that calls the macro.
fn locate(path: &LitStr) -> PathBuf {
    let here = path.span().unwrap().local_file();
    let found = here.map(|it| it.with_file_name(path.value()));
    let package = || std::env::var_os("CARGO_MANIFEST_DIR").map(PathBuf::from);
    // Relative to where cargo started the compiler, as the compiler's own messages are.
    let short = |it: PathBuf| match std::env::current_dir() {
        Ok(folder) => it.strip_prefix(folder).map(PathBuf::from).unwrap_or(it),
        Err(_) => it,
    };
    match (found.map(short), package()) {
        (Some(found), _) if found.is_file() => found,
        (_, Some(package)) if package.join(path.value()).is_file() => package.join(path.value()),
        (Some(found), _) => found,
        (None, _) => PathBuf::from(path.value()),
    }
}

/// Lets errors and warnings point at the path, or at the value that is wrong.
fn at(tokens: TokenStream, span: Span) -> TokenStream {
    let place = |mut token: TokenTree| {
        token.set_span(span.resolved_at(token.span()));
        token
    };
    let mut first_statement = true;
    // Only `compile_error!` or the warning, which come first, need the span; generated items keep their own.
    let tokens = tokens.into_iter().map(|token| {
        let located = if first_statement {
            place(token.clone())
        } else {
            token.clone()
        };
        first_statement &= !matches!(&token, TokenTree::Punct(it) if it.as_char() == ';');
        located
    });
    tokens.collect()
}

impl Parse for Arguments {
    fn parse(input: ParseStream<'_>) -> Result<Self> {
        let runtime = input.parse()?;
        input.parse::<Token![,]>()?;
        let visibility = input.parse()?;
        let name = if input.peek(Ident) {
            let name = input.parse()?;
            input.parse::<Token![,]>()?;
            Some(name)
        } else {
            None
        };
        let path = input.parse()?;
        let mut this = Self {
            runtime,
            visibility,
            name,
            path,
            ext_vars: Vec::new(),
            tla: Vec::new(),
            allow: Vec::new(),
            weights: None,
        };
        while !input.is_empty() {
            input.parse::<Token![,]>()?;
            if input.is_empty() {
                break;
            }
            let option: Ident = input.parse()?;
            input.parse::<Token![=]>()?;
            match option.to_string().as_str() {
                "ext" => this.ext_vars = values(input)?,
                "tla" => this.tla = values(input)?,
                "allow" => this.allow = allowed(input)?,
                "weights" => this.weights = Some(input.parse()?),
                other => {
                    let message = format!(
                        "there is no option `{other}`; the options are `ext`, `tla`, `allow` and `weights`"
                    );
                    return Err(syn::Error::new(option.span(), message));
                }
            }
        }
        Ok(this)
    }
}

/// `{ num_blocks: [2, 2, 2, 2], name: "a" }`: names, and values as in JSON, which is jsonnet code.
fn values(input: ParseStream<'_>) -> Result<Vec<Variable>> {
    let inner;
    braced!(inner in input);
    let mut values = Vec::new();
    while !inner.is_empty() {
        let name = if inner.peek(LitStr) {
            inner.parse::<LitStr>()?.value()
        } else {
            inner.call(Ident::parse_any)?.to_string()
        };
        inner.parse::<Token![:]>()?;
        let (mut code, span) = (TokenStream::new(), inner.span());
        while !inner.is_empty() && !inner.peek(Token![,]) {
            code.extend([inner.parse::<TokenTree>()?]);
        }
        if code.is_empty() {
            return Err(inner.error(format!("`{name}` has no value")));
        }
        let code = code.to_string();
        values.push(Variable { name, code, span });
        if !inner.is_empty() {
            inner.parse::<Token![,]>()?;
        }
    }
    Ok(values)
}

/// `["fact-assumed"]`
fn allowed(input: ParseStream<'_>) -> Result<Vec<String>> {
    let inner;
    bracketed!(inner in input);
    let given = inner.parse_terminated(<LitStr as Parse>::parse, Token![,])?;
    let code = |it: &LitStr| match codes::find(&it.value()) {
        Some(code) => Ok(code.name.to_owned()),
        None => Err(syn::Error::new(it.span(), codes::unknown(&it.value()))),
    };
    given.iter().map(code).collect()
}

fn given(variables: &[Variable]) -> Vec<(String, Argument)> {
    let given = |it: &Variable| (it.name.clone(), Argument::Code(it.code.clone()));
    variables.iter().map(given).collect()
}
